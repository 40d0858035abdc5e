//! Answers of the REST side: JSON bodies, and refusals in the vendor's form.

use super::{owner::Gone, wire::Unclear};
use crate::paper::refusal::{Context, Refusal};
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    status: StatusCode,
    body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Body {
    code: u32,
    message: String,
    #[serde(flatten)]
    context: Box<Context>,
}

/// What a handler returns.
pub(super) type Answer = Result<Response, Refused>;

impl Refused {
    fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self { status, body: Body { code, message: message.into(), context: Box::default() } }
    }
    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 40_110_000, "request is not authorized")
    }
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, 40_410_000, message)
    }
    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, 42_210_000, message)
    }
    /// A query that the data side cannot read.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 40_010_000, message)
    }
    pub(super) fn body_unreadable(why: &serde_json::Error) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 40_010_000, format!("request body format is invalid: {why}"))
    }
    /// A body that could not be taken in: too large, or cut off.
    pub(super) fn unreadable(status: StatusCode, why: &str) -> Self {
        Self::new(status, 40_010_000, format!("request body is unreadable: {why}"))
    }
    pub(super) fn too_many() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, 42_910_000, "rate limit exceeded")
    }
    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, 40_510_000, "method not allowed")
    }
    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 50_010_000, "internal server error occurred")
    }
    pub(super) fn timed_out() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, 40_810_000, "request timed out")
    }
    pub(super) fn refusal(r: Refusal) -> Self {
        // The exchange's statuses are all of HTTP's.
        let status = StatusCode::from_u16(r.status).ok().unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        Self { status, body: Body { code: r.code, message: r.message, context: r.context } }
    }
    /// Status and body, for a list of outcomes.
    pub(super) fn into_parts(self) -> (u16, impl Serialize) {
        (self.status.as_u16(), self.body)
    }
}

impl From<Refusal> for Refused {
    fn from(r: Refusal) -> Self {
        Self::refusal(r)
    }
}
impl From<Unclear> for Refused {
    fn from(u: Unclear) -> Self {
        Self::unprocessable(u.0)
    }
}
impl From<Gone> for Refused {
    fn from(_: Gone) -> Self {
        Self::internal()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        // A body of words and numbers can be written; if it could not, the status still says it.
        write(self.status, &self.body).unwrap_or_else(|_| self.status.into_response())
    }
}

/// A body with a status.
pub(super) fn write(status: StatusCode, body: &impl Serialize) -> Answer {
    let bytes = serde_json::to_vec(body).map_err(|_| Refused::internal())?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}

/// A body that says yes.
pub(super) fn ok(body: &impl Serialize) -> Answer {
    write(StatusCode::OK, body)
}
