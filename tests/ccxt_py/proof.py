"""A client that many use trades the stand-in of Binance that the tests hold the adapter against: if it were lenient or
wrong where the real exchange is not, what passes there would prove nothing.

    python tests/ccxt_py/proof.py BASE_URL KEY SECRET [binance | binanceus | binanceusdm]

Ends with exit code 1 where anything failed; the last line is `N passed, N failed`.
"""

import sys
import traceback
from decimal import Decimal

import ccxt

BASE, KEY, SECRET = sys.argv[1:4]
EXCHANGE = sys.argv[4] if len(sys.argv) > 4 else "binance"
IS_FUTURES = EXCHANGE == "binanceusdm"
SYMBOL = "BTC/USDT:USDT" if IS_FUTURES else "BTC/USDT"


def client(secret=SECRET, key=KEY, **options):
    types = ["linear"] if IS_FUTURES else ["spot"]
    one = getattr(ccxt, EXCHANGE)(
        {
            "apiKey": key,
            "secret": secret,
            "enableRateLimit": False,
            "options": {"fetchMarkets": {"types": types}, "fetchMargins": False, "fetchCurrencies": False, **options},
        }
    )
    one.has["fetchCurrencies"] = False
    # Nothing may go anywhere else.
    one.urls["api"] = {name: f"{BASE}/nowhere" for name in one.urls["api"]}
    for name in ("public", "private", "v1"):
        one.urls["api"][name] = f"{BASE}/api/v3"
    for name in ("fapiPublic", "fapiPrivate"):
        for version in (1, 2, 3):
            one.urls["api"][name + ("" if version == 1 else f"V{version}")] = f"{BASE}/fapi/v{version}"
    return one


def fails(kind, act):
    try:
        act()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


def number(value):
    return Decimal(str(value))


def markets(x):
    market = x.load_markets()[SYMBOL]
    assert market["spot"] and market["active"] and market["id"] == "BTCUSDT"
    assert number(market["precision"]["amount"]) == Decimal("0.00001"), market["precision"]
    assert number(market["precision"]["price"]) == Decimal("0.01")
    assert number(market["limits"]["cost"]["min"]) == 5


def the_market(x):
    book = x.fetch_order_book(SYMBOL)
    assert book["bids"][0][0] < book["asks"][0][0]
    bars = x.fetch_ohlcv(SYMBOL, "1m")
    assert len(bars) == 5 and all(b[0] % 60_000 == 0 for b in bars)
    assert abs(x.fetch_time() - x.milliseconds()) < 5_000


def an_order_rests_and_is_cancelled(x):
    before = number(x.fetch_balance()["USDT"]["free"])
    order = x.create_order(SYMBOL, "limit", "buy", 0.01, 40_000, {"newClientOrderId": "ccxt-1"})
    assert (order["status"], order["clientOrderId"]) == ("open", "ccxt-1"), order
    balance = x.fetch_balance()["USDT"]
    assert number(balance["used"]) >= 400 and number(balance["free"]) == before - 400
    assert [o["id"] for o in x.fetch_open_orders(SYMBOL)] == [order["id"]]
    fails(ccxt.ExchangeError, lambda: x.create_order(SYMBOL, "limit", "buy", 0.01, 40_000, {"newClientOrderId": "ccxt-1"}))
    assert x.cancel_order(order["id"], SYMBOL)["status"] == "canceled"
    assert x.fetch_order(order["id"], SYMBOL)["status"] == "canceled"
    assert number(x.fetch_balance()["USDT"]["free"]) == before
    fails(ccxt.OrderNotFound, lambda: x.cancel_order(order["id"], SYMBOL))
    fails(ccxt.OrderNotFound, lambda: x.fetch_order("999999", SYMBOL))


def a_market_order_fills_and_pays_its_fee_in_the_coin(x):
    held = number(x.fetch_balance().get("BTC", {}).get("total") or 0)
    order = x.create_order(SYMBOL, "market", "buy", 0.02)
    assert order["status"] == "closed" and number(order["filled"]) == Decimal("0.02"), order
    trades = x.fetch_my_trades(SYMBOL, params={"orderId": order["id"]})
    assert len(trades) == 1 and trades[0]["fee"]["currency"] == "BTC", trades
    fee = number(trades[0]["fee"]["cost"])
    assert fee == Decimal("0.00002")
    assert number(x.fetch_balance()["BTC"]["total"]) == held + Decimal("0.02") - fee


def money_instead_of_units(x):
    order = x.create_market_buy_order_with_cost(SYMBOL, 100)
    assert order["status"] == "closed" and 99 < order["cost"] <= 100, order


def stops_wait(x):
    stop = x.create_order(SYMBOL, "limit", "sell", 0.01, 44_000, {"stopLossPrice": 45_000})
    assert stop["status"] == "open" and number(stop["stopPrice"]) == 45_000, stop
    fails(ccxt.ExchangeError, lambda: x.create_order(SYMBOL, "limit", "sell", 0.005, 60_000, {"stopLossPrice": 60_000}))
    x.cancel_order(stop["id"], SYMBOL)
    maker = x.create_order(SYMBOL, "limit", "sell", 0.01, 60_000, {"postOnly": True})
    fails(ccxt.OrderImmediatelyFillable, lambda: x.create_order(SYMBOL, "limit", "sell", 0.005, 45_000, {"postOnly": True}))
    x.cancel_order(maker["id"], SYMBOL)
    kill = x.create_order(SYMBOL, "limit", "buy", 0.01, 40_000, {"timeInForce": "IOC"})
    assert kill["status"] in ("expired", "canceled"), kill


def a_change_is_a_cancel_and_a_new_order(x):
    old = x.create_order(SYMBOL, "limit", "buy", 0.01, 40_000)
    new = x.edit_order(old["id"], SYMBOL, "limit", "buy", 0.01, 41_000)
    assert new["id"] != old["id"] and number(new["price"]) == 41_000, new
    assert x.fetch_order(old["id"], SYMBOL)["status"] == "canceled"
    x.cancel_all_orders(SYMBOL)
    assert x.fetch_open_orders(SYMBOL) == []


def refusals_have_their_kinds(x):
    fails(ccxt.InsufficientFunds, lambda: x.create_order(SYMBOL, "limit", "buy", 100, 45_000))
    fails(ccxt.InvalidOrder, lambda: x.private_post_order({"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.000015", "price": "40000"}))
    fails(ccxt.BadSymbol, lambda: x.private_post_order({"symbol": "NOPE", "side": "BUY", "type": "MARKET", "quantity": "1"}))
    fails(ccxt.AuthenticationError, lambda: client(secret="wrong").fetch_balance())
    fails(ccxt.AuthenticationError, lambda: client(key="wrong").fetch_balance())
    late = client()
    late.nonce = lambda: late.milliseconds() - 60_000
    fails(ccxt.InvalidNonce, late.fetch_balance)


def contracts(x):
    market = x.load_markets()[SYMBOL]
    assert market["swap"] and market["linear"] and market["active"] and market["id"] == "BTCUSDT"
    assert number(market["precision"]["amount"]) == Decimal("0.001"), market["precision"]
    assert number(market["limits"]["cost"]["min"]) == 5


def an_order_on_futures_is_changed_in_place(x):
    order = x.create_order(SYMBOL, "limit", "buy", 0.01, 48_000, {"newClientOrderId": "ccxt-1"})
    assert (order["status"], order["clientOrderId"]) == ("open", "ccxt-1"), order
    changed = x.edit_order(order["id"], SYMBOL, "limit", "buy", 0.02, 48_500)
    assert changed["id"] == order["id"] and number(changed["price"]) == 48_500, changed
    there = x.fetch_order(order["id"], SYMBOL)
    assert (number(there["amount"]), number(there["price"]), there["clientOrderId"]) == (Decimal("0.02"), 48_500, "ccxt-1"), there
    fails(ccxt.ExchangeError, lambda: x.edit_order(order["id"], SYMBOL, "limit", "buy", 0.02, 48_500))
    fails(ccxt.ExchangeError, lambda: x.create_order(SYMBOL, "limit", "buy", 0.01, 60_000))
    assert [o["id"] for o in x.fetch_open_orders(SYMBOL)] == [order["id"]]
    assert x.cancel_order(order["id"], SYMBOL)["status"] == "canceled"
    fails(ccxt.OrderNotFound, lambda: x.cancel_order(order["id"], SYMBOL))


def a_short_is_opened_and_reduced(x):
    wallet = number(x.fetch_balance()["USDT"]["total"])
    order = x.create_order(SYMBOL, "market", "sell", 0.02)
    assert order["status"] == "closed" and number(order["filled"]) == Decimal("0.02"), order
    position = next(p for p in x.fetch_positions([SYMBOL]) if number(p["contracts"]) != 0)
    assert (position["side"], number(position["contracts"])) == ("short", Decimal("0.02")), position
    trades = x.fetch_my_trades(SYMBOL, params={"orderId": order["id"]})
    assert trades[-1]["order"] == order["id"] and trades[-1]["fee"]["currency"] == "USDT", trades
    assert number(x.fetch_balance()["USDT"]["total"]) < wallet, "the fee is taken"
    fails(ccxt.ExchangeError, lambda: x.create_order(SYMBOL, "market", "sell", 0.01, params={"reduceOnly": True}))
    part = x.create_order(SYMBOL, "market", "buy", 0.01, params={"reduceOnly": True})
    assert part["status"] == "closed", part


def a_conditional_order_waits_and_is_cancelled(x):
    stop = x.create_order(SYMBOL, "market", "buy", 0.01, None, {"stopLossPrice": 55_000, "reduceOnly": True})
    assert stop["id"] is not None, stop
    fails(ccxt.ExchangeError, lambda: x.create_order(SYMBOL, "market", "buy", 0.01, None, {"stopLossPrice": 40_000}))
    waits = x.fetch_open_orders(SYMBOL, params={"trigger": True})
    assert [o["id"] for o in waits] == [stop["id"]], waits
    x.cancel_order(stop["id"], SYMBOL, {"trigger": True})
    assert x.fetch_open_orders(SYMBOL, params={"trigger": True}) == []


def strangers_are_refused(x):
    fails(ccxt.AuthenticationError, lambda: client(secret="wrong").fetch_balance())
    fails(ccxt.AuthenticationError, lambda: client(key="wrong").fetch_balance())


TESTS = {
    "binance": (
        markets,
        the_market,
        an_order_rests_and_is_cancelled,
        a_market_order_fills_and_pays_its_fee_in_the_coin,
        money_instead_of_units,
        stops_wait,
        a_change_is_a_cancel_and_a_new_order,
        refusals_have_their_kinds,
    ),
    "binanceus": (
        markets,
        the_market,
        an_order_rests_and_is_cancelled,
        a_market_order_fills_and_pays_its_fee_in_the_coin,
        stops_wait,
        refusals_have_their_kinds,
    ),
    "binanceusdm": (
        contracts,
        the_market,
        an_order_on_futures_is_changed_in_place,
        a_short_is_opened_and_reduced,
        a_conditional_order_waits_and_is_cancelled,
        strangers_are_refused,
    ),
}


def main():
    passed = failed = 0
    x = client()
    for test in TESTS[EXCHANGE]:
        try:
            test(x)
            passed += 1
        except Exception:
            failed += 1
            print(f"FAILED {test.__name__}")
            traceback.print_exc()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
