"""Interactive Brokers' own client trades the stand-in of IB Gateway that the tests hold the adapter against: if it were
lenient or wrong where the real gateway is not, what passes there would prove nothing.

    python tests/ibapi_py/proof.py HOST PORT

Ends with exit code 1 where anything failed; the last line is `N passed, N failed`.
"""

import sys
import threading
import time
import traceback
from decimal import Decimal

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.wrapper import EWrapper

HOST, PORT = sys.argv[1], int(sys.argv[2])
ACCOUNT = "DU9000001"


class Program(EWrapper, EClient):
    """Writes down what it is told."""

    def __init__(self, number):
        EClient.__init__(self, self)
        self.number = number
        self.next_id = None
        self.accounts = None
        self.errors, self.orders, self.statuses = [], {}, []
        self.executions, self.costs, self.positions = [], {}, {}
        self.completed, self.summary, self.details, self.ticks = [], {}, [], []
        self.ended = set()
        self.rule = None

    def start(self):
        self.connect(HOST, PORT, self.number)
        threading.Thread(target=self.run, daemon=True).start()
        until(lambda: self.next_id is not None and self.accounts is not None, "the greeting")
        return self

    def fresh(self):
        number = self.next_id
        self.next_id += 1
        return number

    # What it is told.

    def nextValidId(self, orderId):
        self.next_id = orderId

    def managedAccounts(self, accountsList):
        self.accounts = accountsList

    def error(self, reqId, errorTime, errorCode, errorString, advancedOrderRejectJson=""):
        self.errors.append((reqId, errorCode, errorString))

    def openOrder(self, orderId, contract, order, orderState):
        self.orders[orderId] = (contract, order, orderState)

    def orderStatus(self, orderId, status, filled, remaining, avgFillPrice, permId, parentId, lastFillPrice, clientId, whyHeld, mktCapPrice):
        self.statuses.append((orderId, status, filled, remaining, permId, parentId, whyHeld))

    def openOrderEnd(self):
        self.ended.add("open")

    def completedOrder(self, contract, order, orderState):
        self.completed.append((contract, order, orderState))

    def completedOrdersEnd(self):
        self.ended.add("completed")

    def execDetails(self, reqId, contract, execution):
        self.executions.append((reqId, contract, execution))

    def execDetailsEnd(self, reqId):
        self.ended.add(("executions", reqId))

    def commissionAndFeesReport(self, report):
        self.costs[report.execId] = report

    def position(self, account, contract, position, avgCost):
        self.positions[contract.symbol] = (account, position, avgCost)

    def positionEnd(self):
        self.ended.add("positions")

    def accountSummary(self, reqId, account, tag, value, currency):
        self.summary[tag] = (account, value, currency)

    def accountSummaryEnd(self, reqId):
        self.ended.add("summary")

    def contractDetails(self, reqId, contractDetails):
        self.details.append(contractDetails)

    def contractDetailsEnd(self, reqId):
        self.ended.add("details")

    def marketRule(self, marketRuleId, priceIncrements):
        self.rule = (marketRuleId, priceIncrements)

    def tickPrice(self, reqId, tickType, price, attrib):
        self.ticks.append((tickType, price))

    def status_of(self, number):
        told = [s for s in self.statuses if s[0] == number]
        return told[-1] if told else None

    def is_at(self, number, word):
        told = self.status_of(number)
        return told is not None and told[1] == word

    def has_error(self, number, code):
        return any(e[0] == number and e[1] == code for e in self.errors)


def until(is_so, what):
    for _ in range(300):
        if is_so():
            return
        time.sleep(0.03)
    raise AssertionError(f"waited in vain for {what}")


def stock(symbol="AAPL"):
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = symbol, "STK", "SMART", "USD"
    return contract


def order(action, qty, kind, name, **more):
    one = Order()
    one.action, one.totalQuantity, one.orderType, one.orderRef = action, Decimal(qty), kind, name
    one.tif, one.account = "GTC", ACCOUNT
    for field, value in more.items():
        setattr(one, field, value)
    return one


def greeting(p):
    assert p.serverVersion() >= 213, p.serverVersion()
    assert p.accounts == ACCOUNT and p.next_id >= 1
    until(lambda: p.has_error(-1, 2104), "the farm")


def a_contract_and_its_prices(p):
    p.reqContractDetails(9001, stock())
    until(lambda: "details" in p.ended, "details")
    d = p.details[0]
    assert d.contract.conId == 265598 and "SMART" in d.validExchanges
    rule = d.marketRuleIds.split(",")[d.validExchanges.split(",").index("SMART")]
    p.reqMarketRule(int(rule))
    until(lambda: p.rule is not None, "the rule")
    assert p.rule[1][0].increment == 0.01
    p.reqMktData(9002, stock(), "", False, False, [])
    until(lambda: {t for t, _ in p.ticks} >= {1, 2}, "bid and ask")
    p.cancelMktData(9002)
    p.reqContractDetails(9003, stock("NOPE"))
    until(lambda: p.has_error(9003, 200), "no such contract")


def a_limit_works_is_changed_and_cancelled(p):
    n = p.fresh()
    p.placeOrder(n, stock(), order("BUY", 10, "LMT", "py-1", lmtPrice=150.25))
    until(lambda: p.is_at(n, "Submitted"), "Submitted")
    _, told, _ = p.orders[n]
    assert told.lmtPrice == 150.25 and told.orderRef == "py-1" and told.permId > 0, vars(told)
    p.placeOrder(n, stock(), order("BUY", 20, "LMT", "py-1", lmtPrice=151.5))
    until(lambda: p.orders[n][1].lmtPrice == 151.5 and p.orders[n][1].totalQuantity == 20, "the change")
    p.cancelOrder(n, OrderCancel())
    until(lambda: p.is_at(n, "Cancelled"), "Cancelled")
    until(lambda: p.has_error(n, 202), "error 202, which says so too")
    p.cancelOrder(n, OrderCancel())
    until(lambda: p.has_error(n, 10148), "what is over can't be cancelled")
    p.cancelOrder(n + 1000, OrderCancel())
    until(lambda: p.has_error(n + 1000, 10147), "what never was neither")


def a_market_order_fills_and_costs(p):
    n = p.fresh()
    p.placeOrder(n, stock(), order("BUY", 10, "MKT", "py-2"))
    until(lambda: p.is_at(n, "Filled"), "Filled")
    mine = [e for _, _, e in p.executions if e.orderId == n]
    assert len(mine) == 1 and mine[0].orderRef == "py-2" and mine[0].side == "BOT", [vars(e) for e in mine]
    assert mine[0].shares == 10 and mine[0].cumQty == 10
    until(lambda: mine[0].execId in p.costs, "the commission")
    assert p.costs[mine[0].execId].commissionAndFees == 1.0
    p.reqPositions()
    until(lambda: "positions" in p.ended, "positions")
    assert p.positions["AAPL"][1] == 10 and p.positions["AAPL"][0] == ACCOUNT
    p.cancelPositions()


def contract(kind, exchange, **parts):
    one = Contract()
    one.secType, one.exchange, one.currency = kind, exchange, "USD"
    for field, value in parts.items():
        setattr(one, field, value)
    return one


def options_futures_and_pairs_are_found_and_fill(p):
    for number, (wanted, qty, multiplier, cost, fee) in enumerate(
        [
            (contract("OPT", "SMART", localSymbol="SPXW  261218C06000000"), 1, "100", 50106.0, 1.0),
            (contract("FUT", "CME", localSymbol="MESZ6"), 2, "5", 30003.5, 4.5),
            (contract("CASH", "IDEALPRO", symbol="EUR"), 20000, "", 1.08515, 2.0),
        ]
    ):
        p.ended.discard("details")
        p.details.clear()
        p.reqContractDetails(9200 + number, wanted)
        until(lambda: "details" in p.ended, "details")
        assert len(p.details) == 1, p.details
        found = p.details[0].contract
        assert found.multiplier in (multiplier, multiplier + ".0") and found.exchange == wanted.exchange, vars(found)
        n = p.fresh()
        p.placeOrder(n, found, order("BUY", qty, "MKT", f"py-2-{number}"))
        until(lambda: p.is_at(n, "Filled"), "Filled")
        mine = [(c, e) for _, c, e in p.executions if e.orderId == n]
        assert len(mine) == 1 and mine[0][0].conId == found.conId and mine[0][1].shares == qty
        until(lambda: mine[0][1].execId in p.costs, "the commission")
        assert p.costs[mine[0][1].execId].commissionAndFees == fee
        p.ended.discard("positions")
        p.reqPositions()
        until(lambda: "positions" in p.ended, "positions")
        _, held, paid = p.positions[found.symbol]
        assert held == qty and abs(paid - cost) < 1e-6, (held, paid)
        p.cancelPositions()
    p.ended.discard("details")
    p.details.clear()
    p.reqContractDetails(9210, contract("FUT", "", localSymbol="GAZ6"))
    until(lambda: "details" in p.ended, "details")
    assert len({d.contract.conId for d in p.details}) == 2, "one name, two contracts"


def a_bracket_is_one(p):
    parent, target, stop = p.fresh(), p.fresh(), p.fresh()
    p.placeOrder(parent, stock(), order("BUY", 10, "LMT", "py-3", lmtPrice=190.0, transmit=False))
    p.placeOrder(target, stock(), order("SELL", 10, "LMT", "py-3-t", lmtPrice=220.0, parentId=parent, transmit=False))
    time.sleep(0.3)
    assert p.status_of(parent) is None, "nothing works before the last is transmitted"
    p.placeOrder(stop, stock(), order("SELL", 10, "STP", "py-3-s", auxPrice=180.0, parentId=parent, transmit=True))
    until(lambda: p.is_at(parent, "Submitted"), "the parent")
    until(lambda: p.is_at(target, "PreSubmitted") and p.is_at(stop, "PreSubmitted"), "the children")
    assert "child" in p.status_of(target)[6]
    p.cancelOrder(parent, OrderCancel())
    until(lambda: all(p.is_at(n, "Cancelled") for n in (parent, target, stop)), "all of it cancelled")


def wrong_orders_are_refused(p):
    for more, code in [
        ({"lmtPrice": 150.255}, 110),
        ({"lmtPrice": 150.0, "totalQuantity": Decimal("1.5")}, 10243),
        ({"lmtPrice": 150.0, "account": "DU1"}, 321),
    ]:
        n = p.fresh()
        p.placeOrder(n, stock(), order("BUY", 10, "LMT", "py-4", **more))
        until(lambda: p.has_error(n, code), f"error {code}")
    old = p.next_id - 1
    p.placeOrder(old - 2000 if old > 2000 else 1, stock("MSFT"), order("BUY", 10, "LMT", "py-5", lmtPrice=1.0))
    time.sleep(0.3)
    assert not any(o.orderRef == "py-5" for _, o, _ in p.orders.values()), "a number that was used makes no order"


def lists_are_whole(p):
    n = p.fresh()
    p.placeOrder(n, stock(), order("BUY", 10, "LMT", "py-6", lmtPrice=140.0))
    until(lambda: p.is_at(n, "Submitted"), "Submitted")
    other = Program(p.number + 1).start()
    other.reqAllOpenOrders()
    until(lambda: "open" in other.ended, "open orders")
    assert any(o.orderRef == "py-6" and o.clientId == p.number for _, o, _ in other.orders.values())
    other.reqCompletedOrders(False)
    until(lambda: "completed" in other.ended, "ended orders")
    done = [o for _, o, _ in other.completed if o.orderRef == "py-2"]
    assert done and done[0].filledQuantity == 10 and done[0].totalQuantity == 0, [vars(o) for o in done]
    other.reqExecutions(9100, ExecutionFilter())
    until(lambda: ("executions", 9100) in other.ended, "executions")
    assert any(e.orderRef == "py-2" for _, _, e in other.executions)
    other.reqAccountSummary(9101, "All", "NetLiquidation,TotalCashValue,BuyingPower")
    until(lambda: "summary" in other.ended, "the account")
    assert other.summary["NetLiquidation"][0] == ACCOUNT and Decimal(other.summary["NetLiquidation"][1]) > 0
    other.reqGlobalCancel(OrderCancel())
    until(lambda: p.is_at(n, "Cancelled"), "one program ends the orders of all")
    other.disconnect()


def a_number_is_one_programs(p):
    second = Program(p.number)
    second.connect(HOST, PORT, p.number)
    threading.Thread(target=second.run, daemon=True).start()
    until(lambda: second.has_error(-1, 326), "error 326")


def what_is_placed_outlives_its_program(p):
    n = p.fresh()
    p.placeOrder(n, stock(), order("BUY", 10, "LMT", "py-7", lmtPrice=141.0))
    until(lambda: p.is_at(n, "Submitted"), "Submitted")
    p.disconnect()
    # Its reader holds the connection for a moment longer.
    time.sleep(2)
    again = Program(p.number).start()
    assert again.next_id > n, "numbers go on"
    again.reqAllOpenOrders()
    until(lambda: "open" in again.ended, "open orders")
    assert again.orders[n][1].orderRef == "py-7"
    again.cancelOrder(n, OrderCancel())
    until(lambda: again.is_at(n, "Cancelled"), "Cancelled")
    again.disconnect()


def main():
    program = Program(31).start()
    passed = failed = 0
    for check in (
        greeting,
        a_contract_and_its_prices,
        a_limit_works_is_changed_and_cancelled,
        a_market_order_fills_and_costs,
        options_futures_and_pairs_are_found_and_fill,
        a_bracket_is_one,
        wrong_orders_are_refused,
        lists_are_whole,
        a_number_is_one_programs,
        what_is_placed_outlives_its_program,
    ):
        name = check.__name__.replace("_", " ")
        try:
            check(program)
            passed += 1
            print(f"ok      {name}")
        except Exception:
            failed += 1
            print(f"FAILED  {name}")
            traceback.print_exc()
            print(program.errors[-5:])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
