//! Which contract is meant by a symbol, and by which symbol a contract goes here.

use super::{Api, Kind};
use crate::{
    adapters::ibkr_portal::{
        map::contracts::{
            Meant, Occ, contract, listing, meant, numbered_symbol, plain_symbol, sec_type, unclear,
        },
        memory::{Contract, SecType},
        wire::{self, Derivative, Pairs, Stocks},
    },
    broker::Fault,
    domain::{ids::Symbol, instrument::Instrument, text::Text},
    transport::{limit::Class, rest::Call},
};
use rust_decimal::Decimal;

/// What a symbol is at the venue.
enum Found {
    /// This one.
    One(i64),
    /// None.
    Nothing,
    /// Not plain, or not to be had; in words.
    Unclear(Text),
}

impl Api {
    /// The contract that a symbol means.
    ///
    /// # Errors
    /// The sentence that says why it is none.
    pub async fn contract(&self, symbol: &Symbol, class: Class) -> Result<Contract, Fault> {
        if let Some(known) = self.memory.lock().await.of(symbol) {
            return Ok(known.clone());
        }
        match self.find_contract(symbol, class).await? {
            Found::One(conid) => self.read_contract(conid, Some(symbol), class).await,
            Found::Nothing => Err(self.refused(format!("it has no {symbol}"))),
            Found::Unclear(why) => Err(self.refused(why)),
        }
    }

    /// The contract of a number.
    ///
    /// # Errors
    /// When its rules can't be had or read.
    pub async fn contract_of(&self, conid: i64, class: Class) -> Result<Contract, Fault> {
        if let Some(known) = self.memory.lock().await.of_conid(conid) {
            return Ok(known.clone());
        }
        self.read_contract(conid, None, class).await
    }

    /// The rules of these symbols. What is not plain comes with the sentence that says so.
    ///
    /// # Errors
    /// When the venue can't be asked.
    pub async fn instruments(&self, symbols: Vec<Symbol>) -> Result<Vec<Instrument>, Fault> {
        let mut out = Vec::new();
        for symbol in symbols {
            if let Some(known) = self.memory.lock().await.of(&symbol) {
                out.push(known.instrument.clone());
                continue;
            }
            match self.find_contract(&symbol, Class::Entry).await? {
                Found::One(conid) => {
                    out.push(self.read_contract(conid, Some(&symbol), Class::Entry).await?.instrument);
                }
                Found::Nothing => {}
                Found::Unclear(why) => out.push(unclear(self.venue(), symbol, why)),
            }
        }
        Ok(out)
    }

    /// All symbols that were looked up: the venue has no list of everything that is short enough to be read.
    ///
    /// # Errors
    /// Never.
    pub async fn symbols(&self) -> Result<Vec<Symbol>, Fault> {
        Ok(self.memory.lock().await.symbols().cloned().collect())
    }

    async fn find_contract(&self, symbol: &Symbol, class: Class) -> Result<Found, Fault> {
        match meant(symbol) {
            Meant::Number(conid) => {
                // One contract has one symbol, or its position would be two.
                let own = self.contract_of(conid, class).await?.instrument.id.symbol;
                Ok(if own == *symbol {
                    Found::One(conid)
                } else {
                    Found::Unclear(Text::from(format!("{symbol} goes by {own} here")))
                })
            }
            Meant::Stock(native) => self.find_stock(symbol, &native, class).await,
            Meant::Pair { base, quote } => self.find_pair(&base, &quote, class).await,
            Meant::Option(occ) => self.find_option(symbol, &occ, class).await,
        }
    }

    async fn find_stock(&self, symbol: &Symbol, native: &str, class: Class) -> Result<Found, Fault> {
        let call = Call::get(&["trsrv", "stocks"]).query("symbols", native);
        let answer = self.ask(class, Kind::Usual, call).await?;
        let stocks: Stocks = self.read(&answer)?;
        if stocks.get(native).is_none_or(Vec::is_empty) {
            return Ok(Found::Nothing);
        }
        Ok(match listing(symbol, native, &stocks) {
            Ok(conid) => Found::One(conid),
            Err(why) => Found::Unclear(why),
        })
    }

    async fn find_pair(&self, base: &str, quote: &str, class: Class) -> Result<Found, Fault> {
        let call = Call::get(&["iserver", "currency", "pairs"]).query("currency", quote);
        let answer = self.ask(class, Kind::Usual, call).await?;
        let pairs: Pairs = self.read(&answer)?;
        let wanted = format!("{base}.{quote}");
        let found = pairs.values().flatten().find(|pair| pair.symbol == wanted);
        Ok(found.map_or(Found::Nothing, |pair| Found::One(pair.conid)))
    }

    /// Options are found below what they are on: its month, its side and its strike, and then the day.
    async fn find_option(&self, symbol: &Symbol, occ: &Occ, class: Class) -> Result<Found, Fault> {
        let Ok(root) = Symbol::new(&occ.root) else { return Ok(Found::Nothing) };
        let under = match self.find_stock(&root, &occ.root, class).await? {
            Found::One(conid) => conid,
            other @ (Found::Nothing | Found::Unclear(_)) => return Ok(other),
        };
        // The vendor wants the underlying searched before its options are asked for.
        let search = Call::get(&["iserver", "secdef", "search"]).query("symbol", occ.root.as_str());
        self.ask(class, Kind::Usual, search.query("secType", "STK")).await?;
        let call = Call::get(&["iserver", "secdef", "info"])
            .query("conid", under.to_string())
            .query("sectype", "OPT")
            .query("month", occ.month.as_str())
            .query("strike", occ.strike.to_string())
            .query("right", occ.right);
        let answer = self.ask(class, Kind::Usual, call).await?;
        let all: Vec<Derivative> = self.read(&answer)?;
        let strike = |d: &Derivative| d.strike.as_deref().and_then(|t| t.parse::<Decimal>().ok());
        let fits = |d: &&Derivative| {
            d.maturity_date.as_deref() == Some(occ.day.as_str())
                && d.right.as_deref().is_none_or(|right| right.starts_with(occ.right))
                && strike(d).is_none_or(|strike| strike == occ.strike)
        };
        let mut found: Vec<i64> = all.iter().filter(fits).map(|d| d.conid).collect();
        found.sort_unstable();
        found.dedup();
        Ok(match found.as_slice() {
            [] => Found::Nothing,
            [one] => Found::One(*one),
            many => {
                let named: Vec<String> = many.iter().map(|conid| format!("{}.{conid}", occ.root)).collect();
                Found::Unclear(Text::from(format!(
                    "{symbol} is several contracts; write one of {}",
                    named.join(", ")
                )))
            }
        })
    }

    /// Reads a contract's rules. `asked` is the symbol by which it was looked up.
    async fn read_contract(
        &self,
        conid: i64,
        asked: Option<&Symbol>,
        class: Class,
    ) -> Result<Contract, Fault> {
        let number = conid.to_string();
        let call = Call::get(&["iserver", "contract", &number, "info-and-rules"]);
        let answer = self.ask(class, Kind::Usual, call).await?;
        let told: wire::Contract = self.read(&answer)?;
        if told.con_id != conid {
            return Err(self.unreadable(format!("asked for contract {conid}, told of {}", told.con_id)));
        }
        let symbol = match asked {
            Some(symbol) => symbol.clone(),
            None => self.symbol_of(&told, class).await?,
        };
        let up = self.up(class).await?;
        let contract =
            contract(self.venue(), up.account.as_str(), symbol, &told).map_err(|e| self.unreadable(e))?;
        self.memory.lock().await.learn(contract.clone());
        Ok(contract)
    }

    /// The symbol of a contract that nobody asked for by one: its plain one where that means this contract.
    async fn symbol_of(&self, told: &wire::Contract, class: Class) -> Result<Symbol, Fault> {
        let numbered = || numbered_symbol(told).map_err(|e| self.unreadable(e));
        let Some(plain) = plain_symbol(told) else { return numbered() };
        if told.instrument_type.as_deref().map(sec_type) != Some(SecType::Stock) {
            return Ok(plain);
        }
        let Meant::Stock(native) = meant(&plain) else { return numbered() };
        match self.find_stock(&plain, &native, class).await? {
            Found::One(conid) if conid == told.con_id => Ok(plain),
            Found::One(_) | Found::Nothing | Found::Unclear(_) => numbered(),
        }
    }
}
