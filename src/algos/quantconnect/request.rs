//! What the cloud is asked, to the letter. Pure. `/live/read` is a GET and what is changed is a POST as in the vendor's
//! own command line; the other reads are POSTs with a body as in the vendor's specification (LEAN.md 3).

use crate::{
    algos::result::map::CURVE,
    domain::{text::Text, time::Stamp},
    transport::rest::Call,
};
use http::Method;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;

/// So many orders come at once.
pub const ORDERS_PAGE: u64 = 1_000;
/// So many lines of the log come at once.
pub const LOG_PAGE: u64 = 250;
/// So many insights come at once: the vendor wants fewer than a hundred between the two places.
pub const INSIGHTS_PAGE: u64 = 99;
/// So many points of the chart are asked for, and so far back: midnight UTC is always in it.
const CHART_POINTS: u32 = 1_000;
const CHART_SECS: i64 = 2 * 86_400;
/// The longest answer: a thousand orders with their events.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Below the API's address.
    pub path: &'static str,
    /// Parameters of a GET.
    pub query: Vec<(&'static str, String)>,
    /// A POST's.
    pub body: Option<String>,
}

impl Request {
    /// As it is sent.
    pub fn call(self, deadline: Duration) -> Call {
        let method = if self.body.is_some() { Method::POST } else { Method::GET };
        let segments: Vec<&str> = self.path.split('/').collect();
        let mut call = Call::new(method, &segments).deadline(deadline).body_max(ANSWER_BYTES_MAX);
        for (name, value) in self.query {
            call = call.query(name, value);
        }
        match self.body {
            Some(body) => call.json(body),
            None => call,
        }
    }
}

/// Every body: what a request lacks is left out.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_project_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a RawValue>,
}

fn post(path: &'static str, body: &Body<'_>) -> Result<Request, Text> {
    let body = serde_json::to_string(body).map_err(|e| Text::clean(&e.to_string()))?;
    Ok(Request { path, query: Vec::new(), body: Some(body) })
}

fn of(project: u64) -> Body<'static> {
    Body { project_id: Some(project), ..Body::default() }
}

/// How the project's deployment is.
pub fn status(project: u64) -> Request {
    Request { path: "live/read", query: vec![("projectId", project.to_string())], body: None }
}

/// What it holds.
///
/// # Errors
/// As every request here, where its body can't be written.
pub fn portfolio(project: u64) -> Result<Request, Text> {
    post("live/portfolio/read", &of(project))
}

/// Its orders from this place on.
///
/// # Errors
/// As [`portfolio`].
pub fn orders(project: u64, start: u64) -> Result<Request, Text> {
    let place = |n: u64| i64::try_from(n).ok();
    let (start, end) = (place(start), place(start.saturating_add(ORDERS_PAGE)));
    post("live/orders/read", &Body { start, end, ..of(project) })
}

/// The lines of its log from this one on.
///
/// # Errors
/// As [`portfolio`].
pub fn log(project: u64, deployment: &str, start: u64) -> Result<Request, Text> {
    let body = Body {
        format: Some("json"),
        algorithm_id: Some(deployment),
        start_line: Some(start),
        end_line: Some(start.saturating_add(LOG_PAGE)),
        ..of(project)
    };
    post("live/logs/read", &body)
}

/// The chart of its equity.
///
/// # Errors
/// As [`portfolio`].
pub fn chart(project: u64, now: Stamp) -> Result<Request, Text> {
    let end = now.as_secs();
    let body = Body {
        name: Some(CURVE.0),
        start: Some(end.saturating_sub(CHART_SECS)),
        end: Some(end),
        count: Some(CHART_POINTS),
        ..of(project)
    };
    post("live/chart/read", &body)
}

/// The project's deployments.
///
/// # Errors
/// As [`portfolio`].
pub fn list(project: u64) -> Result<Request, Text> {
    post("live/list", &of(project))
}

/// What it predicts, from this place on.
///
/// # Errors
/// As [`portfolio`].
pub fn insights(project: u64, deployment: &str, start: u64) -> Result<Request, Text> {
    let place = |n: u64| i64::try_from(n).ok();
    let body = Body {
        algorithm_id: Some(deployment),
        start: place(start),
        end: place(start.saturating_add(INSIGHTS_PAGE)),
        ..of(project)
    };
    post("live/insights/read", &body)
}

/// It is stopped; what it holds stays.
///
/// # Errors
/// As [`portfolio`].
pub fn stop(project: u64) -> Result<Request, Text> {
    post("live/update/stop", &of(project))
}

/// It gets out of everything, and is stopped.
///
/// # Errors
/// As [`portfolio`].
pub fn liquidate(project: u64) -> Result<Request, Text> {
    post("live/update/liquidate", &of(project))
}

/// A command to it.
///
/// # Errors
/// As [`portfolio`]; what is no JSON.
pub fn command(project: u64, object: &str) -> Result<Request, Text> {
    let command: &RawValue = serde_json::from_str(object).map_err(|e| Text::clean(&e.to_string()))?;
    post("live/commands/create", &Body { command: Some(command), ..of(project) })
}

/// A command to all of an organization's algorithms, but for those of one project.
///
/// # Errors
/// As [`command`].
pub fn broadcast(organization: &str, except: Option<u64>, object: &str) -> Result<Request, Text> {
    let command: &RawValue = serde_json::from_str(object).map_err(|e| Text::clean(&e.to_string()))?;
    let body = Body {
        organization_id: Some(organization),
        exclude_project_id: except,
        command: Some(command),
        ..Body::default()
    };
    post("live/commands/broadcast", &body)
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
