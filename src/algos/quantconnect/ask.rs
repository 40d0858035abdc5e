//! Instructions: one request each, sent once and never again by itself.

use super::{
    Cloud, command,
    request::{self, Request},
    trouble::{Trouble, judge},
};
use crate::{
    domain::{
        algorithm::{Instructed, Instruction},
        text::Text,
    },
    transport::rest::Sent,
};
use std::time::Duration;

/// What a cloud that took it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// It says that it did.
    Done(&'static str),
    /// It hands it on, and nobody answers (LEAN.md 3).
    Taken(&'static str),
}

/// A request, and what its success means.
#[derive(Debug)]
pub struct Asked {
    request: Request,
    means: Means,
}

const BROADCAST: &str = "QuantConnect took the broadcast and gives no verdict: it went to every live algorithm of the organization, and only \
     their orders and holdings show what came of it, about ten minutes late";
const TAKEN: &str = "QuantConnect took the command and gives no verdict: its orders and holdings show what came of it, \
                     about ten minutes late; a command soon after a deployment can be lost";

/// The request for an instruction.
///
/// # Errors
/// What can't be asked for, and why.
pub fn of(instruction: &Instruction, project: u64, organization: Option<&str>) -> Result<Asked, Text> {
    let (request, means) = match instruction {
        Instruction::Stop => {
            (request::stop(project)?, Means::Done("QuantConnect stopped it; what it holds it holds"))
        }
        // There is no request that liquidates and lets it run on, but for a command to the algorithm.
        Instruction::Liquidate(None) => (
            request::liquidate(project)?,
            Means::Done(
                "QuantConnect took it: everything is liquidated AND the algorithm is stopped; whether it is flat \
                 its holdings show, about ten minutes late",
            ),
        ),
        Instruction::Liquidate(Some(_))
        | Instruction::Submit(_)
        | Instruction::Update { .. }
        | Instruction::Cancel { .. }
        | Instruction::Add { .. }
        | Instruction::Custom(_) => {
            (request::command(project, &command::object(instruction)?)?, Means::Taken(TAKEN))
        }
        Instruction::Broadcast { except, .. } => {
            let organization = organization.ok_or_else(|| {
                Text::clean(
                    "nobody says which organization is meant: write `organization` beside its `project`",
                )
            })?;
            let request = request::broadcast(organization, *except, &command::object(instruction)?)?;
            (request, Means::Taken(BROADCAST))
        }
    };
    Ok(Asked { request, means })
}

/// Sends it, once.
pub async fn send(cloud: &Cloud, asked: Asked, limit: Duration) -> Instructed {
    let answer = match cloud.send(asked.request, limit).await {
        Sent::NotSent { why } => return Instructed::NotSent(why),
        Sent::Unanswered { why } => return Instructed::Unknown(why),
        Sent::Answered(answer) => answer,
    };
    let took = match asked.means {
        Means::Done(words) => Instructed::Done(Text::from(words)),
        Means::Taken(words) => Instructed::Taken(Text::from(words)),
    };
    match judge(&answer, &cloud.auth) {
        Ok(_) => took,
        Err(trouble) => {
            let said = Text::clean(&trouble.to_string());
            match trouble {
                // Refused at the door, or by its word.
                Trouble::Key
                | Trouble::Hash
                | Trouble::User
                | Trouble::Clock { .. }
                | Trouble::Busy { .. }
                | Trouble::Refused(_) => Instructed::Refused(said),
                Trouble::Nothing
                | Trouble::Server(_)
                | Trouble::Unreachable(_)
                | Trouble::Loading { .. }
                | Trouble::Unreadable(_) => Instructed::Unknown(said),
            }
        }
    }
}
