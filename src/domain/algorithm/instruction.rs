//! What an algorithm is asked, and what came of it.

use crate::domain::{
    money::{Price, SignedQty},
    text::Text,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// What an algorithm's security is called where the algorithm runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// `SPY`
    pub ticker: SmolStr,
    /// `usa`
    pub market: SmolStr,
    /// `equity`
    pub class: SmolStr,
}

/// An order that an algorithm is asked to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedOrder {
    /// Of what.
    pub security: Security,
    /// How much; a sale is negative.
    pub qty: SignedQty,
    /// Not beyond this price.
    pub limit: Option<Price>,
    /// Woken by this price.
    pub stop: Option<Price>,
    /// Written on it.
    pub tag: Text,
}

/// What an algorithm can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instruction {
    /// To end. What it holds it holds.
    Stop,
    /// To sell and buy back everything, or one thing, and go on running.
    Liquidate(Option<Security>),
    /// To send an order.
    Submit(AskedOrder),
    /// To change one; what is not given stays.
    Update {
        /// Its number.
        order: i64,
        /// How much.
        qty: Option<SignedQty>,
        /// Not beyond this price.
        limit: Option<Price>,
        /// Woken by this price.
        stop: Option<Price>,
    },
    /// To cancel one.
    Cancel {
        /// Its number.
        order: i64,
    },
    /// To follow a security.
    Add {
        /// Which.
        security: Security,
        /// `minute`, `tick`, …
        resolution: SmolStr,
    },
    /// The program's own command: an object of JSON, handed on as it is.
    Custom(SmolStr),
    /// Such a command to every live algorithm of the organization that its project is in, its own among them.
    Broadcast {
        /// The object.
        object: SmolStr,
        /// But not to the algorithm of this project.
        except: Option<u64>,
    },
}

impl Instruction {
    /// For people: `liquidate SPY`.
    pub fn words(&self) -> String {
        match self {
            Self::Stop => "stop".into(),
            Self::Liquidate(None) => "liquidate".into(),
            Self::Liquidate(Some(one)) => format!("liquidate {}", one.ticker),
            Self::Submit(order) => format!("submit an order for {} {}", order.qty, order.security.ticker),
            Self::Update { order, .. } => format!("change order {order}"),
            Self::Cancel { order } => format!("cancel order {order}"),
            Self::Add { security, .. } => format!("follow {}", security.ticker),
            Self::Custom(_) => "do a command of its own".into(),
            Self::Broadcast { except: None, .. } => {
                "broadcast a command to EVERY live algorithm of its organization, not to itself alone".into()
            }
            Self::Broadcast { except: Some(project), .. } => format!(
                "broadcast a command to EVERY live algorithm of its organization but that of project {project}"
            ),
        }
    }

    /// Could it open a position?
    pub const fn opens_risk(&self) -> bool {
        matches!(self, Self::Submit(_) | Self::Update { .. } | Self::Custom(_) | Self::Broadcast { .. })
    }
}

/// What is done about an algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlgorithmDeed {
    /// Its entries are cancelled as they appear.
    Pause,
    /// No longer.
    Resume,
    /// What it holds on one of the accounts, and its orders there, are a person's from now on; it is paused.
    TakeOver,
    /// It is asked for something.
    Ask(Instruction),
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instructed {
    /// It says that it did.
    Done(Text),
    /// It took it and gave no verdict.
    Taken(Text),
    /// It refused, or failed over it.
    Refused(Text),
    /// It never got it.
    NotSent(Text),
    /// No answer: it may have done it.
    Unknown(Text),
}
