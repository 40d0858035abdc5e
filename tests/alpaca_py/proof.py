"""The vendor's own client trades the paper venue, and every answer is held against the vendor's OpenAPI files.

    python tests/alpaca_py/proof.py PATH/TO/tradedeck

Ends at the first failure with exit code 1; the last line is `N passed, N failed`.
"""

import asyncio
import json
import logging
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from alpaca.common.exceptions import APIError
from alpaca.data.enums import CryptoFeed, DataFeed
from alpaca.data.historical import CryptoHistoricalDataClient, StockHistoricalDataClient
from alpaca.data.live import CryptoDataStream, StockDataStream
from alpaca.data.requests import (
    CryptoBarsRequest,
    CryptoLatestBarRequest,
    CryptoLatestQuoteRequest,
    CryptoLatestTradeRequest,
    CryptoSnapshotRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import (
    AssetClass,
    AssetStatus,
    OrderClass,
    OrderSide,
    OrderStatus,
    OrderType,
    QueryOrderStatus,
    TimeInForce,
)
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetOrderByIdRequest,
    GetOrdersRequest,
    GetPortfolioHistoryRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)
from alpaca.trading.stream import TradingStream

from contract import Contract
from dashboard import Dashboard

PATIENCE_S = 30
BUY, SELL = OrderSide.BUY, OrderSide.SELL
DAY, GTC = TimeInForce.DAY, TimeInForce.GTC
WORKING = {OrderStatus.NEW, OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED}

STEPS = []


def step(function):
    STEPS.append(function)
    return function


class Server:
    """`tradedeck paper serve`, as a process of its own."""

    def __init__(self, binary, folder):
        self.command = [binary, "paper", "serve", "--listen", "127.0.0.1:0", "--seed", "7", "--data-dir", folder]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(self.command)} said nothing and ended with {self.process.wait()}")
        self.address = json.loads(line)
        wanted = {"trading_url", "trading_stream_url", "data_url", "data_stream_url", "crypto_stream_url", "key_id", "secret_key"}
        assert set(self.address) == wanted, set(self.address)

    def end(self, how):
        self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE_S)


class Heard:
    """What a stream has told, for a thread that waits for something in it."""

    def __init__(self):
        self.rows = []
        self.news = threading.Condition()

    async def take(self, row):
        with self.news:
            self.rows.append(row)
            self.news.notify_all()

    def wait(self, what, wanted):
        deadline = time.monotonic() + PATIENCE_S
        with self.news:
            while True:
                found = wanted(self.rows)
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"not heard in {PATIENCE_S} s: {what} (of {len(self.rows)} messages)")
                self.news.wait(left)


class World:
    """The server, the vendor's clients, and the contract that all answers are held against."""

    def __init__(self, binary, folder):
        root = Path(__file__).resolve().parent.parent
        self.contract = Contract(root / "fixtures" / "alpaca")
        self.binary, self.folder = binary, folder
        self.server = Server(binary, folder)
        self.connect()

    def connect(self):
        a = self.server.address
        keys = (a["key_id"], a["secret_key"])
        self.trading = TradingClient(*keys, paper=True, url_override=a["trading_url"])
        self.stocks = StockHistoricalDataClient(*keys, url_override=a["data_url"])
        self.coins = CryptoHistoricalDataClient(*keys, url_override=a["data_url"])
        for client in (self.trading, self.stocks, self.coins):
            client._session.hooks["response"].append(lambda r, *_, **__: self.contract.check_response(r))
        self.updates, self.streams = Heard(), []
        self.updates_stream = TradingStream(*keys, paper=True, url_override=a["trading_stream_url"], raw_data=True)

        async def update(message):
            await self.updates.take(message["data"])

        self.updates_stream.subscribe_trade_updates(update)
        self.run(self.updates_stream)
        # An order is heard of once the stream listens; until then the stream's own state says so.
        self.until("the order stream is up", lambda: self.updates_stream._running)

    def run(self, stream):
        threading.Thread(target=stream.run, daemon=True).start()
        self.streams.append(stream)

    def until(self, what, holds):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            value = holds()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"not so after {PATIENCE_S} s: {what}")

    # Words that the steps use.

    def order(self, request):
        return self.trading.submit_order(request)

    def now(self, order):
        return self.trading.get_order_by_id(order.id, GetOrderByIdRequest(nested=True))

    def is_in(self, order, *statuses):
        return self.until(
            f"order {order.id} is {[s.value for s in statuses]}, it is {self.now(order).status.value}",
            lambda: (lambda o: o if o.status in statuses else None)(self.now(order)),
        )

    def filled(self, order):
        return self.is_in(order, OrderStatus.FILLED)

    def works(self, order):
        return self.is_in(order, *WORKING)

    def cancel(self, order):
        self.trading.cancel_order_by_id(order.id)
        return self.is_in(order, OrderStatus.CANCELED)

    def quote(self, symbol):
        return self.stocks.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=symbol))[symbol]

    def refused(self, status, code, words, act):
        """The venue refuses with this HTTP status, number and words."""
        try:
            act()
        except APIError as error:
            body = json.loads(str(error))
            assert (error.status_code, body["code"]) == (status, code), (error.status_code, body)
            assert words in body["message"], body
            return body
        raise AssertionError(f"it was not refused, {words} was expected")

    def raw(self, **order):
        return self.trading.post("/orders", order)

    def flat(self):
        self.trading.close_all_positions(cancel_orders=True)
        self.until("everything is closed", lambda: not self.trading.get_all_positions())
        self.until("no order works", lambda: not self.trading.get_orders())

    def events(self, order):
        """What the stream has told about an order."""
        return [row for row in list(self.updates.rows) if row["order"]["id"] == str(order.id)]

    def heard(self, order, *events):
        wanted = set(events)
        return self.updates.wait(
            f"{sorted(wanted)} of {order.id}",
            lambda rows: wanted <= {r["event"] for r in rows if r["order"]["id"] == str(order.id)},
        )


def cents(price):
    return round(float(price), 2)


# ---------------------------------------------------------------------------------------------------------------------


@step
def the_account_and_its_settings(w):
    account = w.trading.get_account()
    assert account.status.value == "ACTIVE" and account.currency == "USD"
    assert Decimal(account.cash) == Decimal(account.equity) == 100_000, account
    assert Decimal(account.buying_power) >= 100_000
    settings = w.trading.get_account_configurations()
    settings.suspend_trade = True
    assert w.trading.set_account_configurations(settings).suspend_trade is True
    w.refused(403, 40310000, "", lambda: w.order(MarketOrderRequest(symbol="AAPL", qty=1, side=BUY, time_in_force=DAY)))
    settings.suspend_trade = False
    assert w.trading.set_account_configurations(settings).suspend_trade is False


@step
def wrong_keys_are_refused(w):
    a = w.server.address
    wrong = TradingClient(a["key_id"], "wrong", paper=True, url_override=a["trading_url"])
    w.refused(401, 40110000, "not authorized", wrong.get_account)


@step
def assets_clock_and_calendar(w):
    stocks = w.trading.get_all_assets(GetAssetsRequest(status=AssetStatus.ACTIVE, asset_class=AssetClass.US_EQUITY))
    coins = w.trading.get_all_assets(GetAssetsRequest(asset_class=AssetClass.CRYPTO))
    assert len(stocks) >= 35 and len(coins) >= 10, (len(stocks), len(coins))
    aapl = w.trading.get_asset("AAPL")
    assert aapl.tradable and w.trading.get_asset(aapl.id).symbol == "AAPL"
    coin = w.trading.get_asset("BTC/USD")
    assert coin.asset_class == AssetClass.CRYPTO and coin.min_order_size > 0
    w.refused(404, 40410000, "asset not found", lambda: w.trading.get_asset("NOSUCH"))
    clock = w.trading.get_clock()
    assert clock.is_open and clock.next_close > clock.timestamp
    assert abs(clock.timestamp - datetime.now(timezone.utc)) < timedelta(seconds=10)
    first = date.today()
    days = w.trading.get_calendar(GetCalendarRequest(start=first, end=first + timedelta(days=13)))
    assert days and all(first <= d.date <= first + timedelta(days=13) for d in days)


@step
def latest_market_data(w):
    both = ["AAPL", "SPY"]
    quotes = w.stocks.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=both))
    trades = w.stocks.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols=both))
    bars = w.stocks.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=both))
    snapshots = w.stocks.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=both))
    for symbol in both:
        assert 0 < quotes[symbol].bid_price < quotes[symbol].ask_price
        assert trades[symbol].price > 0 and bars[symbol].close > 0
        assert snapshots[symbol].daily_bar and snapshots[symbol].previous_daily_bar
    pair = "BTC/USD"
    quote = w.coins.get_crypto_latest_quote(CryptoLatestQuoteRequest(symbol_or_symbols=pair))[pair]
    assert 0 < quote.bid_price < quote.ask_price
    assert w.coins.get_crypto_latest_trade(CryptoLatestTradeRequest(symbol_or_symbols=pair))[pair].price > 0
    assert w.coins.get_crypto_latest_bar(CryptoLatestBarRequest(symbol_or_symbols=pair))[pair].close > 0
    assert w.coins.get_crypto_snapshot(CryptoSnapshotRequest(symbol_or_symbols=pair))[pair].latest_quote


@step
def historical_bars_page_by_page(w):
    now = datetime.now(timezone.utc)
    frames = [
        (TimeFrame.Minute, timedelta(hours=6)),
        (TimeFrame(5, TimeFrameUnit.Minute), timedelta(days=1)),
        (TimeFrame(15, TimeFrameUnit.Minute), timedelta(days=2)),
        (TimeFrame.Hour, timedelta(days=5)),
        (TimeFrame.Day, timedelta(days=60)),
    ]
    for frame, back in frames:
        request = StockBarsRequest(symbol_or_symbols=["AAPL", "MSFT"], timeframe=frame, start=now - back, end=now)
        bars = w.stocks.get_stock_bars(request)
        for symbol in ("AAPL", "MSFT"):
            rows = bars[symbol]
            assert len(rows) >= 20, (frame.value, symbol, len(rows))
            assert all(a.timestamp < b.timestamp for a, b in zip(rows, rows[1:])), (frame.value, symbol)
            assert all(b.low <= b.open <= b.high and b.low <= b.close <= b.high for b in rows)
    # The same stretch in pages of seven holds the same bars.
    whole = [b["t"] for b in bar_pages(w, 10_000)]
    assert whole == [b["t"] for b in bar_pages(w, 7)] and len(whole) > 20
    coins = w.coins.get_crypto_bars(
        CryptoBarsRequest(symbol_or_symbols="BTC/USD", timeframe=TimeFrame.Hour, start=now - timedelta(days=3), end=now)
    )
    assert len(coins["BTC/USD"]) >= 60
    assert w.stocks.get_stock_quotes(StockQuotesRequest(symbol_or_symbols="SPY", start=now - timedelta(minutes=5)))["SPY"]
    w.stocks.get_stock_trades(StockTradesRequest(symbol_or_symbols="SPY", start=now - timedelta(minutes=5)))
    w.refused(400, 40010000, "timeframe", lambda: w.stocks.get("/stocks/bars", {"symbols": "SPY", "timeframe": "7Min"}))


def bar_pages(w, size):
    end = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    query = {
        "symbols": "AAPL,MSFT", "timeframe": "1Hour", "limit": size,
        "start": (end - timedelta(days=2)).isoformat(), "end": end.isoformat(),
    }
    rows, token = [], None
    while True:
        page = w.stocks.get("/stocks/bars", {**query, **({"page_token": token} if token else {})})
        assert sum(len(v) for v in page["bars"].values()) <= size
        rows += [bar for symbol in sorted(page["bars"]) for bar in page["bars"][symbol]]
        token = page["next_page_token"]
        if not token:
            return rows


@step
def stock_stream(w):
    a = w.server.address
    heard = Heard()
    stream = StockDataStream(a["key_id"], a["secret_key"], feed=DataFeed.IEX, url_override=a["data_stream_url"])
    stream.subscribe_quotes(heard.take, "AAPL", "SPY")
    stream.subscribe_trades(heard.take, "*")
    w.run(stream)
    heard.wait("a quote of SPY", lambda rows: [r for r in rows if r.symbol == "SPY" and hasattr(r, "bid_price")])
    heard.wait("a trade", lambda rows: [r for r in rows if hasattr(r, "price")])
    quotes = [r for r in heard.rows if hasattr(r, "bid_price")]
    assert {q.symbol for q in quotes} <= {"AAPL", "SPY"}
    assert all(0 < q.bid_price < q.ask_price for q in quotes)
    assert all(abs(q.timestamp - datetime.now(timezone.utc)) < timedelta(seconds=60) for q in quotes)
    # One connection for an account and endpoint: the second is told so, and the first goes on.
    assert asyncio.run(second_connection(a)) == {"T": "error", "code": 406, "msg": "connection limit exceeded"}
    count = len(heard.rows)
    heard.wait("more, after the second was refused", lambda rows: len(rows) > count)
    stream.stop()
    # The place is free for the next one.
    w.until("a new connection is let in", lambda: asyncio.run(second_connection(a))["T"] == "success")


async def second_connection(a):
    import websockets

    async with websockets.connect(a["data_stream_url"]) as socket:
        assert json.loads(await socket.recv()) == [{"T": "success", "msg": "connected"}]
        await socket.send(json.dumps({"action": "subscribe", "quotes": ["SPY"]}))
        assert json.loads(await socket.recv())[0]["code"] == 401
        await socket.send(json.dumps({"action": "auth", "key": a["key_id"], "secret": a["secret_key"]}))
        return json.loads(await socket.recv())[0]


@step
def crypto_stream(w):
    a = w.server.address
    heard = Heard()
    stream = CryptoDataStream(a["key_id"], a["secret_key"], feed=CryptoFeed.US, url_override=a["crypto_stream_url"])
    stream.subscribe_quotes(heard.take, "BTC/USD", "ETH/USD")
    stream.subscribe_trades(heard.take, "BTC/USD")
    w.run(stream)
    heard.wait("a quote of BTC/USD", lambda rows: [r for r in rows if r.symbol == "BTC/USD" and hasattr(r, "bid_price")])
    heard.wait("a quote of ETH/USD", lambda rows: [r for r in rows if r.symbol == "ETH/USD"])
    stream.stop()


@step
def market_order_fills_and_is_told(w):
    order = w.order(MarketOrderRequest(symbol="AAPL", qty=10, side=BUY, time_in_force=DAY, client_order_id="proof-market"))
    assert order.order_type == OrderType.MARKET and order.client_order_id == "proof-market"
    done = w.filled(order)
    assert Decimal(done.filled_qty) == 10 and Decimal(done.filled_avg_price) > 0 and done.filled_at
    w.heard(order, "new", "fill")
    fills = [e for e in w.events(order) if e["event"] in ("fill", "partial_fill")]
    assert sum(Decimal(e["qty"]) for e in fills) == 10 and Decimal(fills[-1]["position_qty"]) == 10
    position = w.trading.get_open_position("AAPL")
    assert Decimal(position.qty) == 10 and Decimal(position.avg_entry_price) == Decimal(done.filled_avg_price)
    assert w.trading.get_order_by_client_id("proof-market").id == order.id
    w.refused(422, 40010001, "client_order_id must be unique", lambda: w.order(
        MarketOrderRequest(symbol="AAPL", qty=1, side=BUY, time_in_force=DAY, client_order_id="proof-market")))


@step
def notional_and_fractional_orders(w):
    money = w.filled(w.order(MarketOrderRequest(symbol="SPY", notional=1000, side=BUY, time_in_force=DAY)))
    assert money.qty is None and Decimal(money.notional) == 1000
    spent = Decimal(money.filled_qty) * Decimal(money.filled_avg_price)
    assert abs(spent - 1000) < 1, spent
    part = w.filled(w.order(MarketOrderRequest(symbol="SPY", qty=0.5, side=BUY, time_in_force=DAY)))
    assert Decimal(part.filled_qty) == Decimal("0.5")


@step
def limit_order_rests_is_replaced_and_cancelled(w):
    price = cents(w.quote("MSFT").bid_price * 0.9)
    order = w.works(w.order(LimitOrderRequest(symbol="MSFT", qty=5, side=BUY, time_in_force=GTC, limit_price=price)))
    assert order in w.trading.get_orders() or str(order.id) in [str(o.id) for o in w.trading.get_orders()]
    new = w.trading.replace_order_by_id(order.id, ReplaceOrderRequest(qty=4, limit_price=cents(price - 1)))
    assert new.id != order.id and new.replaces == order.id
    old = w.is_in(order, OrderStatus.REPLACED)
    assert old.replaced_by == new.id
    new = w.works(new)
    assert Decimal(new.qty) == 4 and Decimal(new.limit_price) == Decimal(str(cents(price - 1)))
    w.heard(order, "replaced")
    w.cancel(new)
    w.heard(new, "canceled")
    w.refused(422, 42210000, "", lambda: w.trading.cancel_order_by_id(new.id))


@step
def extended_hours_and_the_other_times_in_force(w):
    low = cents(w.quote("MSFT").bid_price * 0.9)
    order = w.order(LimitOrderRequest(symbol="MSFT", qty=1, side=BUY, time_in_force=DAY, limit_price=low, extended_hours=True))
    assert w.works(order).extended_hours
    w.cancel(order)
    ioc = w.order(LimitOrderRequest(symbol="MSFT", qty=1, side=BUY, time_in_force=TimeInForce.IOC, limit_price=low))
    assert w.is_in(ioc, OrderStatus.CANCELED, OrderStatus.EXPIRED).filled_qty == "0"
    high = cents(w.quote("MSFT").ask_price * 1.02)
    fok = w.order(LimitOrderRequest(symbol="MSFT", qty=1, side=BUY, time_in_force=TimeInForce.FOK, limit_price=high))
    assert w.filled(fok).filled_qty == "1"
    for tif in (TimeInForce.OPG, TimeInForce.CLS):
        auction = w.order(LimitOrderRequest(symbol="MSFT", qty=1, side=BUY, time_in_force=tif, limit_price=low))
        assert auction.time_in_force == tif
        w.until(f"the {tif.value} order waits or is over", lambda: w.now(auction).status not in (OrderStatus.PENDING_NEW,))
        if w.now(auction).status in WORKING:
            w.cancel(auction)


@step
def stop_and_stop_limit_orders(w):
    ask = w.quote("MSFT").ask_price
    stop = w.order(StopOrderRequest(symbol="MSFT", qty=1, side=BUY, time_in_force=DAY, stop_price=cents(ask * 1.1)))
    assert w.works(stop).order_type == OrderType.STOP
    w.cancel(stop)
    both = w.order(StopLimitOrderRequest(
        symbol="MSFT", qty=1, side=BUY, time_in_force=GTC, stop_price=cents(ask * 1.1), limit_price=cents(ask * 1.12)))
    assert w.works(both).order_type == OrderType.STOP_LIMIT
    w.cancel(both)


@step
def trailing_stop_orders(w):
    by_share = w.order(TrailingStopOrderRequest(symbol="AAPL", qty=5, side=SELL, time_in_force=GTC, trail_percent=5))
    order = w.works(by_share)
    assert Decimal(order.trail_percent) == 5 and Decimal(order.hwm) > Decimal(order.stop_price) > 0
    new = w.trading.replace_order_by_id(order.id, ReplaceOrderRequest(trail=6))
    new = w.works(new)
    assert Decimal(new.trail_percent) == 6
    w.cancel(new)
    by_money = w.order(TrailingStopOrderRequest(symbol="AAPL", qty=5, side=SELL, time_in_force=DAY, trail_price=20))
    order = w.works(by_money)
    assert Decimal(order.trail_price) == 20
    w.cancel(order)


@step
def bracket_order(w):
    ask = w.quote("NVDA").ask_price
    order = w.order(MarketOrderRequest(
        symbol="NVDA", qty=3, side=BUY, time_in_force=GTC, order_class=OrderClass.BRACKET,
        take_profit=TakeProfitRequest(limit_price=cents(ask * 1.2)), stop_loss=StopLossRequest(stop_price=cents(ask * 0.8))))
    assert order.order_class == OrderClass.BRACKET and len(order.legs) == 2
    order = w.filled(order)
    target, stop = order.legs
    assert (target.order_type, stop.order_type) == (OrderType.LIMIT, OrderType.STOP)
    w.works(target)
    w.is_in(stop, OrderStatus.HELD, *WORKING)
    # Selling by another order is refused: the legs hold the shares.
    body = w.refused(403, 40310000, "insufficient qty", lambda: w.order(
        MarketOrderRequest(symbol="NVDA", qty=3, side=SELL, time_in_force=DAY)))
    assert {"available", "existing_qty", "held_for_orders", "symbol"} <= set(body), body
    nested = w.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, nested=True, symbols=["NVDA"]))
    assert [str(o.id) for o in nested] == [str(order.id)] and len(nested[0].legs) == 2
    flat = w.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, nested=False, symbols=["NVDA"]))
    assert len(flat) == 3 and all(not o.legs for o in flat)
    w.cancel(target)
    w.is_in(stop, OrderStatus.CANCELED)


@step
def bracket_target_fills_and_the_stop_goes(w):
    ask = w.quote("NVDA").ask_price
    order = w.order(LimitOrderRequest(
        symbol="NVDA", qty=2, side=BUY, time_in_force=GTC, limit_price=cents(ask * 1.01), order_class=OrderClass.BRACKET,
        take_profit=TakeProfitRequest(limit_price=cents(ask * 1.2)), stop_loss=StopLossRequest(stop_price=cents(ask * 0.8))))
    target, stop = w.filled(order).legs
    w.works(target)
    moved = w.trading.replace_order_by_id(target.id, ReplaceOrderRequest(limit_price=cents(w.quote("NVDA").bid_price * 0.99)))
    w.filled(moved)
    w.is_in(stop, OrderStatus.CANCELED)


@step
def oco_order(w):
    bid = w.quote("AAPL").bid_price
    order = w.order(LimitOrderRequest(
        symbol="AAPL", qty=4, side=SELL, time_in_force=GTC, order_class=OrderClass.OCO,
        take_profit=TakeProfitRequest(limit_price=cents(bid * 1.2)), stop_loss=StopLossRequest(stop_price=cents(bid * 0.8))))
    assert order.order_class == OrderClass.OCO and len(order.legs) == 1
    order = w.works(order)
    assert Decimal(order.limit_price) == Decimal(str(cents(bid * 1.2)))
    w.cancel(order)
    w.is_in(order.legs[0], OrderStatus.CANCELED)


@step
def oto_order(w):
    ask = w.quote("AMD").ask_price
    order = w.order(MarketOrderRequest(
        symbol="AMD", qty=2, side=BUY, time_in_force=DAY, order_class=OrderClass.OTO,
        stop_loss=StopLossRequest(stop_price=cents(ask * 0.8), limit_price=cents(ask * 0.79))))
    assert order.order_class == OrderClass.OTO and len(order.legs) == 1
    leg = w.filled(order).legs[0]
    assert w.works(leg).order_type == OrderType.STOP_LIMIT
    w.cancel(leg)


@step
def crypto_order(w):
    order = w.order(MarketOrderRequest(symbol="ETH/USD", qty=0.5, side=BUY, time_in_force=GTC))
    w.filled(order)
    position = w.trading.get_open_position("ETHUSD")
    assert position.asset_class == AssetClass.CRYPTO and 0 < Decimal(position.qty) <= Decimal("0.5")
    resting = w.order(LimitOrderRequest(symbol="BTC/USD", qty=0.01, side=BUY, time_in_force=GTC, limit_price=10_000))
    w.cancel(w.works(resting))
    w.filled(w.trading.close_position("ETHUSD"))


@step
def partial_fills_on_the_stream(w):
    # More than is offered at the touch. The market moves, and what comes then may be enough for the whole: try again.
    for _ in range(10):
        quote = w.quote("NFLX")
        qty = 2 * min(int(quote.ask_size), 400)
        order = w.order(LimitOrderRequest(
            symbol="NFLX", qty=qty, side=BUY, time_in_force=DAY, limit_price=cents(quote.ask_price * 1.02)))
        w.filled(order)
        w.heard(order, "fill")
        fills = [e for e in w.events(order) if e["event"] in ("partial_fill", "fill")]
        if len(fills) > 1:
            break
        w.filled(w.trading.close_position("NFLX"))
    assert sum(Decimal(e["qty"]) for e in fills) == qty, fills
    assert len({e["execution_id"] for e in fills}) == len(fills) >= 2
    running = Decimal(0)
    for event in fills:
        running += Decimal(event["qty"])
        assert Decimal(event["order"]["filled_qty"]) == Decimal(event["position_qty"]) == running
    assert [e["event"] for e in fills][-1] == "fill" and fills[0]["order"]["status"] == "partially_filled"


@step
def short_sale(w):
    order = w.filled(w.order(MarketOrderRequest(symbol="KO", qty=10, side=SELL, time_in_force=DAY)))
    position = w.trading.get_open_position("KO")
    assert position.side.value == "short" and Decimal(position.qty) == -10 and Decimal(position.market_value) < 0
    assert order.position_intent.value == "sell_to_open"
    w.filled(w.trading.close_position("KO"))
    w.refused(404, 40410000, "position does not exist", lambda: w.trading.get_open_position("KO"))


@step
def a_dashboard_on_the_same_account_shows_each_change(w):
    board = Dashboard(w.binary, w.folder + "-dashboard", w.server.address)
    try:
        def shows(what, pattern, is_there=True):
            try:
                w.until(what, lambda: is_there == any(re.search(pattern, line) for line in board.lines()))
            except AssertionError as error:
                raise AssertionError(f"{error}; the screen:\n{board.text()}") from None

        shows("the dashboard agrees with the venue", r"\bAGREED\b")
        shows("no order for KO yet", r"\bKO\s+buy\s.*working", is_there=False)
        # An order: it comes, changes, and goes.
        low = cents(w.quote("KO").bid_price * 0.95)
        request = LimitOrderRequest(symbol="KO", qty=7, side=BUY, time_in_force=GTC, limit_price=low)
        order = w.works(w.order(request))
        shows("the order", rf"\bKO\s+buy\s+7\s+lmt\s+{low:.2f}\s+working")
        order = w.trading.replace_order_by_id(order.id, ReplaceOrderRequest(qty=6))
        shows("the order's new quantity", rf"\bKO\s+buy\s+6\s+lmt\s+{low:.2f}\s+working")
        shows("the old quantity gone", r"\bKO\s+buy\s+7\b.*working", is_there=False)
        w.cancel(order)
        shows("the order gone", r"\bKO\s+buy\s+\d+\s.*working", is_there=False)
        # A position: it comes, grows, and goes.
        for bought, held in ((3, 3), (2, 5)):
            w.filled(w.order(MarketOrderRequest(symbol="KO", qty=bought, side=BUY, time_in_force=DAY)))
            shows(f"a position of {held}", rf"\bKO\s+\+{held}\s")
        w.filled(w.trading.close_position("KO"))
        shows("the position gone", r"\bKO\s+\+\d", is_there=False)
        # And while it is open, the vendor's client still has the feed that lets in one connection.
        w.until("the vendor's feed is free", lambda: asyncio.run(second_connection(w.server.address))["T"] == "success")
    finally:
        board.end()


@step
def bad_orders_are_refused_with_the_venues_codes(w):
    bid = w.quote("AAPL").bid_price
    market = dict(side=BUY, time_in_force=DAY)
    # 1 buying power
    body = w.refused(403, 40310000, "insufficient buying power", lambda: w.order(MarketOrderRequest(symbol="AAPL", qty=100_000, **market)))
    assert "buying_power" in body
    # 2 sub-penny price
    w.refused(422, 42210000, "sub-penny", lambda: w.order(LimitOrderRequest(symbol="AAPL", qty=1, limit_price=100.001, **market)))
    # 3 wash trade
    low = w.works(w.order(LimitOrderRequest(symbol="AAPL", qty=1, side=BUY, time_in_force=DAY, limit_price=cents(bid * 0.95))))
    w.refused(403, 40310000, "wash trade", lambda: w.order(MarketOrderRequest(symbol="AAPL", qty=1, side=SELL, time_in_force=DAY)))
    w.cancel(low)
    # 4 not cancelable
    w.refused(422, 42210000, "", lambda: w.trading.cancel_order_by_id(low.id))
    # 5 unknown symbol
    w.refused(422, 42210000, "NOSUCH", lambda: w.order(MarketOrderRequest(symbol="NOSUCH", qty=1, **market)))
    # 6 short without availability
    w.refused(422, 42210000, "sold short", lambda: w.order(MarketOrderRequest(symbol="AMC", qty=10, side=SELL, time_in_force=DAY)))
    # And what the vendor's client would not send.
    plain = dict(symbol="AAPL", side="buy", type="market", time_in_force="day")
    w.refused(422, 40010001, "", lambda: w.raw(**plain))
    w.refused(422, 40010001, "", lambda: w.raw(**plain, qty="1", notional="100"))
    w.refused(422, 42210000, "type", lambda: w.raw(**{**plain, "type": "iceberg"}, qty="1"))
    w.refused(422, 42210000, "qty", lambda: w.raw(**plain, qty="many"))
    w.refused(422, 42210000, "", lambda: w.raw(**{**plain, "time_in_force": "gtc"}, qty="1", extended_hours=True))
    w.refused(404, 40410000, "order not found", lambda: w.trading.get_order_by_id(uuid.uuid4()))
    w.refused(404, 40410000, "order not found", lambda: w.trading.cancel_order_by_id(uuid.uuid4()))


@step
def lists_of_orders_and_activities(w):
    everything = w.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, limit=500))
    assert len(everything) > 20
    assert [o.submitted_at for o in everything] == sorted((o.submitted_at for o in everything), reverse=True)
    few = w.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.CLOSED, limit=3, direction="asc", side=BUY))
    assert len(few) == 3 and all(o.side == BUY for o in few) and few[0].submitted_at <= few[-1].submitted_at
    middle = everything[len(everything) // 2].submitted_at
    after = w.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, limit=500, after=middle))
    # Python keeps microseconds: the order in the middle may be there itself.
    assert after and all(o.submitted_at >= middle for o in after) and len(after) < len(everything)
    assert w.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, symbols=["NOSUCH"])) == []
    # Every fill, in pages of five, is every fill in one page, and adds up to what the orders say.
    pages, token = [], None
    while True:
        query = {"page_size": 5, "direction": "asc", **({"page_token": token} if token else {})}
        page = w.trading.get("/account/activities/FILL", query)
        pages += page
        if len(page) < 5:
            break
        token = page[-1]["id"]
    whole = w.trading.get("/account/activities", {"activity_types": "FILL", "direction": "asc", "page_size": 100})
    assert [a["id"] for a in pages[:100]] == [a["id"] for a in whole] and len({a["id"] for a in pages}) == len(pages)
    sums = {}
    for a in pages:
        sums[a["order_id"]] = sums.get(a["order_id"], Decimal(0)) + Decimal(a["qty"])
    assert sums == {str(o.id): Decimal(o.filled_qty) for o in everything if Decimal(o.filled_qty) > 0}
    w.trading.get_portfolio_history(GetPortfolioHistoryRequest(period="1D", timeframe="1Min"))


@step
def every_stream_message_holds_a_valid_order(w):
    assert len(w.updates.rows) > 30
    for message in list(w.updates.rows):
        w.contract.check_trade_update(message)


@step
def close_by_percentage_and_by_quantity(w):
    held = Decimal(w.trading.get_open_position("NFLX").qty)
    w.filled(w.trading.close_position("NFLX", ClosePositionRequest(percentage="50")))
    assert Decimal(w.trading.get_open_position("NFLX").qty) == held / 2
    w.filled(w.trading.close_position("NFLX", ClosePositionRequest(qty="10")))
    assert Decimal(w.trading.get_open_position("NFLX").qty) == held / 2 - 10
    w.refused(404, 40410000, "position", lambda: w.trading.close_position("XOM"))


@step
def cancel_all(w):
    low = cents(w.quote("MSFT").bid_price * 0.9)
    for n in range(3):
        w.works(w.order(LimitOrderRequest(symbol="MSFT", qty=1, side=BUY, time_in_force=GTC, limit_price=cents(low - n))))
    outcomes = w.trading.cancel_orders()
    assert len(outcomes) == 3 and all(o.status == 200 for o in outcomes)
    w.until("no order works", lambda: not w.trading.get_orders())


@step
def a_killed_server_forgets_nothing(w):
    low = cents(w.quote("MSFT").bid_price * 0.9)
    resting = w.order(LimitOrderRequest(symbol="MSFT", qty=1, side=BUY, time_in_force=GTC, limit_price=low))
    w.server.end(signal.SIGKILL)
    known = {str(e["order"]["id"]): e["order"] for e in w.updates.rows}
    w.server.start()
    w.connect()
    assert w.works(resting).client_order_id == resting.client_order_id
    after = {str(o.id): o for o in w.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, limit=500))}
    assert set(known) <= set(after), set(known) - set(after)
    for id, order in known.items():
        assert Decimal(after[id].filled_qty) >= Decimal(order["filled_qty"]), id
    w.cancel(resting)


@step
def close_all(w):
    held = {p.symbol for p in w.trading.get_all_positions()}
    assert len(held) >= 3, held
    w.works(w.order(LimitOrderRequest(
        symbol="AAPL", qty=1, side=SELL, time_in_force=GTC, limit_price=cents(w.quote("AAPL").bid_price * 1.2))))
    outcomes = w.trading.close_all_positions(cancel_orders=True)
    assert {o.symbol for o in outcomes} == held and all(o.status == 200 for o in outcomes), outcomes
    w.flat()
    account = w.trading.get_account()
    assert Decimal(account.long_market_value) == Decimal(account.short_market_value) == 0
    assert Decimal(account.cash) == Decimal(account.equity)


@step
def a_strategy_and_a_person_share_the_account(w):
    """Two profits that add up to the account's; the strategy alone is paused and liquidated."""
    w.flat()
    more = ["[algorithms.swing]", 'kind = "program"', 'venue = "proof"', 'prefixes = ["swing-"]']
    board = Dashboard(w.binary, w.folder + "-strategy", w.server.address, more)
    try:
        w.until("the dashboard agrees with the venue", lambda: any("AGREED" in line for line in board.lines()))

        def strategy(side, qty, **more):
            kind = LimitOrderRequest if more else MarketOrderRequest
            name = f"swing-{uuid.uuid4()}"
            return w.order(kind(symbol="MSFT", qty=qty, side=side, time_in_force=DAY, client_order_id=name, **more))

        def rows():
            return {row["name"]: row for row in board.told("algos")["algorithms"]}

        def held(name):
            row = rows().get(name)
            return {h["symbol"]: Decimal(str(h["qty"])) for h in row["seen"]["holdings"]} if row and row["seen"] else {}

        def day(name):
            row = rows().get(name)
            return Decimal(str(row["day_pnl"])) if row else Decimal(0)

        before = {name: day(name) for name in ("swing", "by hand")}
        equity = Decimal(w.trading.get_account().equity)
        w.filled(strategy(BUY, 10))
        w.filled(strategy(SELL, 4))
        # Whatever the hour is: the vendor's own calendar holds on the desk.
        board.told("order", "buy MSFT 5 limit +1% ext", "--yes")
        w.until("the strategy's part", lambda: held("swing") == {"MSFT": 6})
        w.until("the person's part", lambda: held("by hand") == {"MSFT": 5})
        assert Decimal(w.trading.get_open_position("MSFT").qty) == 11
        # Paused, what it sends to open something does not stay, and what closes does.
        board.told("algos", "swing", "pause")
        low = cents(w.quote("MSFT").bid_price * 0.9)
        w.is_in(strategy(BUY, 3, limit_price=low), OrderStatus.CANCELED)
        high = w.works(strategy(SELL, 1, limit_price=cents(w.quote("MSFT").bid_price * 1.1)))
        time.sleep(2)
        w.works(high)
        board.told("algos", "swing", "liquidate", "--yes")
        assert held("swing") == {} and held("by hand") == {"MSFT": 5}, rows()
        assert w.now(high).status == OrderStatus.CANCELED, w.now(high)
        assert Decimal(w.trading.get_open_position("MSFT").qty) == 5
        board.told("close", "MSFT", "--yes")
        w.until("nothing is held", lambda: not w.trading.get_all_positions())
        w.until("nor counted as held", lambda: held("by hand") == {})
        won = {name: day(name) - was for name, was in before.items()}
        assert won["swing"] + won["by hand"] == Decimal(w.trading.get_account().equity) - equity, (won, equity)
    finally:
        board.end()


@step
def the_server_ends_cleanly_and_keeps_the_account(w):
    equity = Decimal(w.trading.get_account().equity)
    second = subprocess.run(w.server.command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert second.returncode == 1 and "another process serves" in second.stderr, second
    address = Path(w.folder) / "address.json"
    assert stat.S_IMODE(os.stat(address).st_mode) == 0o600
    assert json.loads(address.read_text()) == w.server.address
    assert w.server.end(signal.SIGTERM) == 0
    assert not address.exists()
    w.server.start()
    w.connect()
    assert Decimal(w.trading.get_account().equity) == equity
    assert w.server.end(signal.SIGINT) == 0


@step
def the_vendors_file_was_covered(w):
    """The operations that had to be seen; a step that silently checks nothing would show here."""
    seen = {(method, path) for method, path, _ in w.contract.seen}
    wanted = {
        ("GET", "/v2/account"), ("GET", "/v2/account/configurations"), ("PATCH", "/v2/account/configurations"),
        ("GET", "/v2/account/portfolio/history"), ("GET", "/v2/account/activities"),
        ("GET", "/v2/account/activities/{activity_type}"), ("GET", "/v2/assets"), ("GET", "/v2/assets/{symbol_or_asset_id}"),
        ("GET", "/v2/clock"), ("GET", "/v2/calendar"), ("GET", "/v2/positions"), ("DELETE", "/v2/positions"),
        ("GET", "/v2/positions/{symbol_or_asset_id}"), ("DELETE", "/v2/positions/{symbol_or_asset_id}"),
        ("GET", "/v2/orders"), ("POST", "/v2/orders"), ("DELETE", "/v2/orders"), ("GET", "/v2/orders/{order_id}"),
        ("PATCH", "/v2/orders/{order_id}"), ("DELETE", "/v2/orders/{order_id}"), ("GET", "/v2/orders:by_client_order_id"),
        ("GET", "/v2/stocks/quotes/latest"), ("GET", "/v2/stocks/trades/latest"), ("GET", "/v2/stocks/bars/latest"),
        ("GET", "/v2/stocks/snapshots"), ("GET", "/v2/stocks/bars"), ("GET", "/v2/stocks/quotes"), ("GET", "/v2/stocks/trades"),
        ("GET", "/v1beta3/crypto/{loc}/latest/quotes"), ("GET", "/v1beta3/crypto/{loc}/latest/trades"),
        ("GET", "/v1beta3/crypto/{loc}/latest/bars"), ("GET", "/v1beta3/crypto/{loc}/snapshots"),
        ("GET", "/v1beta3/crypto/{loc}/bars"),
    }
    assert wanted <= seen, wanted - seen


def main():
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        raise SystemExit("usage: proof.py PATH/TO/tradedeck")
    logging.disable(logging.CRITICAL)
    passed, failed, world = 0, 0, None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            world = World(sys.argv[1], os.path.join(folder, "paper"))
            for check in STEPS:
                started = time.monotonic()
                check(world)
                passed += 1
                print(f"ok    {check.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
        except BaseException:
            failed = 1
            traceback.print_exc()
            print(f"FAIL  {STEPS[passed].__name__ if world else 'starting'}")
        finally:
            if world and world.server.process.poll() is None:
                world.server.process.kill()
    print(f"{passed} passed, {failed} failed", flush=True)
    # Threads of the vendor's streams may still be reconnecting.
    os._exit(1 if failed or passed != len(STEPS) else 0)


if __name__ == "__main__":
    main()
