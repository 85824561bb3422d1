//! The one error envelope: every answer that is not 2xx says code, message and where, in the same shape.
//!
//! Other rooms know no HTTP; here, and only here, their errors become a code and a status. What a caller cannot act on
//! goes to the log, not into the answer.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use signalbox_engine::{
    AcceptError, CommandError, FollowError, PutError, ReadError, StartWorkflowError, Unavailable,
};
use signalbox_journey::control::{Conflict, ShadowConflict};
use signalbox_model::problem::Problem;
use utoipa::ToSchema;

/// Stable codes. Each has a page in `host/docs/errors/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The body is not JSON.
    MalformedJson,
    /// The body is JSON of another shape than the route takes.
    InvalidBody,
    /// A value in the path or query is not what it should be.
    InvalidParameter,
    /// One or more items of a batch are wrong; none was taken.
    InvalidBatch,
    /// The workflow has problems; nothing was stored.
    InvalidWorkflow,
    /// The segment has problems; nothing was stored.
    InvalidSegment,
    /// The table has problems; nothing was stored.
    InvalidTable,
    /// What should release a plugin is no good statement of somebody who is trusted.
    InvalidRelease,
    /// Who would release a plugin has signed it.
    SelfRelease,
    /// A binding reads the table, and could not any more.
    TableInUse,
    /// The workflow's checklist fails, and nobody overrides it.
    ChecklistFailed,
    /// The body is longer than the route takes.
    BodyTooLarge,
    /// The body did not come in time.
    BodyTooSlow,
    /// The body is not declared as JSON.
    UnsupportedMediaType,
    /// No key, a wrong key, or a revoked one.
    Unauthorized,
    /// The key's role does not allow this.
    Forbidden,
    /// There is nothing of that name.
    NotFound,
    /// The route knows other methods only.
    MethodNotAllowed,
    /// The state does not allow it, or somebody else changed it first.
    Conflict,
    /// An instant lies too far ahead, or the clock was asked to go back.
    InvalidInstant,
    /// A queue is full; try again after the seconds named in `Retry-After`.
    Busy,
    /// The server is stopping, is not ready yet, or has no connection to spare.
    Unavailable,
    /// There is no space left to write.
    StorageFull,
    /// A fault of ours; the log has the detail.
    Internal,
}

impl ErrorCode {
    /// Every code, for the documents.
    pub const ALL: [Self; 24] = [
        Self::MalformedJson,
        Self::InvalidBody,
        Self::InvalidParameter,
        Self::InvalidBatch,
        Self::InvalidWorkflow,
        Self::InvalidSegment,
        Self::InvalidTable,
        Self::InvalidRelease,
        Self::SelfRelease,
        Self::TableInUse,
        Self::ChecklistFailed,
        Self::BodyTooLarge,
        Self::BodyTooSlow,
        Self::UnsupportedMediaType,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::InvalidInstant,
        Self::Busy,
        Self::Unavailable,
        Self::StorageFull,
        Self::Internal,
    ];

    /// The code as callers see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedJson => "malformed_json",
            Self::InvalidBody => "invalid_body",
            Self::InvalidParameter => "invalid_parameter",
            Self::InvalidBatch => "invalid_batch",
            Self::InvalidWorkflow => "invalid_workflow",
            Self::InvalidSegment => "invalid_segment",
            Self::InvalidTable => "invalid_table",
            Self::InvalidRelease => "invalid_release",
            Self::SelfRelease => "self_release",
            Self::TableInUse => "table_in_use",
            Self::ChecklistFailed => "checklist_failed",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTooSlow => "body_too_slow",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::InvalidInstant => "invalid_instant",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::StorageFull => "storage_full",
            Self::Internal => "internal",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::MalformedJson | Self::InvalidParameter => StatusCode::BAD_REQUEST,
            Self::InvalidBody
            | Self::InvalidBatch
            | Self::InvalidWorkflow
            | Self::InvalidSegment
            | Self::InvalidTable
            | Self::InvalidRelease
            | Self::InvalidInstant => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict | Self::SelfRelease | Self::TableInUse | Self::ChecklistFailed => {
                StatusCode::CONFLICT
            }
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An answer that is not 2xx.
#[derive(Debug)]
pub struct Error {
    code: ErrorCode,
    message: String,
    field: Option<String>,
    problems: Vec<Problem>,
    allowed: Vec<&'static str>,
    retry_after_s: Option<u64>,
}

impl Error {
    /// An error with that code and a message for people.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            problems: Vec::new(),
            allowed: Vec::new(),
            retry_after_s: None,
        }
    }

    /// Another code, where who asked knows better than who found the mistake.
    pub(crate) fn set_code(&mut self, code: ErrorCode) {
        self.code = code;
    }

    /// The same error, naming the place in the body as a JSON pointer.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.field = Some(pointer.into());
        self
    }

    /// The same error with everything that is wrong.
    #[must_use]
    pub fn with_problems(mut self, problems: Vec<Problem>) -> Self {
        self.field = self
            .field
            .or_else(|| problems.first().map(|problem| problem.pointer.clone()));
        self.problems = problems;
        self
    }

    /// The same error with the actions that would be allowed.
    #[must_use]
    pub fn with_allowed(mut self, allowed: Vec<&'static str>) -> Self {
        self.allowed = allowed;
        self
    }

    /// The same error with the seconds after which to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// A fault of ours: the detail goes to the log, the caller learns only that there was one.
    pub fn internal(detail: &dyn std::error::Error) -> Self {
        let mut chain = detail.to_string();
        let mut cause = detail.source();
        while let Some(inner) = cause {
            chain.push_str(": ");
            chain.push_str(&inner.to_string());
            cause = inner.source();
        }
        tracing::error!(error = %chain, "a request failed by a fault of ours: {chain}");
        Self::new(
            ErrorCode::Internal,
            "the server could not do this; its log says why",
        )
    }

    /// Nothing of that name.
    pub fn not_found(what: &str, name: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no {what} {name}"))
    }
}

/// The body of every answer that is not 2xx.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope {
    /// What went wrong.
    pub error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// Stable code in `snake_case`; `host/docs/errors/` has a page on each.
    #[schema(example = "invalid_body")]
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The place in the body: a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/contact")]
    pub field: Option<String>,
    /// Everything that is wrong, where more than one thing can be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ProblemBody>,
    /// The actions that would be allowed now, on a conflict.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<&'static str>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// The place: a JSON pointer.
    pub pointer: String,
    /// Stable code in `snake_case`.
    pub code: String,
    /// What is wrong.
    pub reason: String,
    /// What to do; may be empty.
    pub help: String,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let problems = self.problems.into_iter().map(|problem| ProblemBody {
            pointer: problem.pointer,
            code: problem.code,
            reason: problem.reason,
            help: problem.help,
        });
        let body = ErrorBody {
            code: self.code.as_str(),
            message: self.message,
            field: self.field,
            problems: problems.collect(),
            allowed: self.allowed,
        };
        let mut response = (self.code.status(), Json(Envelope { error: body })).into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == ErrorCode::Unauthorized {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.code == ErrorCode::BodyTooSlow {
            // What is left of the body may still come: the connection cannot carry another request.
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl Error {
    /// The same as one problem of a list.
    pub fn into_problem(self) -> Problem {
        Problem::new(
            self.field.unwrap_or_default(),
            self.code.as_str(),
            self.message,
        )
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let code = if problem.code == ErrorCode::InvalidInstant.as_str() {
            ErrorCode::InvalidInstant
        } else {
            ErrorCode::InvalidBody
        };
        Self::new(code, problem.reason.clone()).with_problems(vec![problem])
    }
}

impl From<AcceptError> for Error {
    fn from(error: AcceptError) -> Self {
        match &error {
            AcceptError::Busy { retry_after_s } => {
                Self::new(ErrorCode::Busy, error.to_string()).retry_after(u64::from(*retry_after_s))
            }
            AcceptError::TooFarAhead { index } => {
                Self::new(ErrorCode::InvalidInstant, error.to_string())
                    .at(format!("/events/{index}/occurred_at"))
            }
            AcceptError::TooLarge { .. } => Self::new(ErrorCode::BodyTooLarge, error.to_string()),
            AcceptError::Stopping => Self::new(ErrorCode::Unavailable, error.to_string()),
            AcceptError::NoSpace => Self::new(ErrorCode::StorageFull, error.to_string()),
            AcceptError::Storage => Self::internal(&error),
        }
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        let message = conflict.to_string();
        match conflict {
            Conflict::NotFound { .. }
            | Conflict::NoExperiment { .. }
            | Conflict::SegmentNotFound { .. }
            | Conflict::TableNotFound { .. }
            | Conflict::NotQuarantined { .. }
            | Conflict::NotDeprecated { .. }
            | Conflict::Shadow(ShadowConflict::NotFound { .. }) => {
                Self::new(ErrorCode::NotFound, message)
            }
            Conflict::TableInUse { .. } => Self::new(ErrorCode::TableInUse, message),
            Conflict::SelfRelease(_) => Self::new(ErrorCode::SelfRelease, message),
            Conflict::State { allowed, .. } => {
                Self::new(ErrorCode::Conflict, message).with_allowed(allowed.to_vec())
            }
            Conflict::NotAhead { .. } => Self::new(ErrorCode::InvalidInstant, message).at("/at"),
            Conflict::Exists { .. }
            | Conflict::Version { .. }
            | Conflict::Checked { .. }
            | Conflict::Settings { .. }
            | Conflict::GoalMissing { .. }
            | Conflict::StartsSoon { .. }
            | Conflict::ExperimentOver { .. }
            | Conflict::SegmentExists { .. }
            | Conflict::SegmentVersion { .. }
            | Conflict::SegmentInUse { .. }
            | Conflict::SegmentRefused { .. }
            | Conflict::TableUnmet { .. }
            | Conflict::Full { .. }
            | Conflict::Revoked { .. }
            | Conflict::Shadow(
                ShadowConflict::Exists { .. }
                | ShadowConflict::Unbound { .. }
                | ShadowConflict::Quarantined { .. },
            ) => Self::new(ErrorCode::Conflict, message),
            Conflict::Malformed { .. } => Self::new(ErrorCode::InvalidBody, message),
        }
    }
}

impl From<PutError> for Error {
    fn from(error: PutError) -> Self {
        match error {
            PutError::Problems(problems) => {
                let message = match problems.len() {
                    1 => "the workflow has a problem; nothing was stored".to_owned(),
                    count => format!("the workflow has {count} problems; nothing was stored"),
                };
                Self::new(ErrorCode::InvalidWorkflow, message).with_problems(problems)
            }
            PutError::Conflict(conflict) => conflict.into(),
            PutError::Log(error) => error.into(),
            PutError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<StartWorkflowError> for Error {
    fn from(error: StartWorkflowError) -> Self {
        match error {
            StartWorkflowError::Checklist(problems) => {
                let message = "the checklist fails: mend what is listed, or override it with `override`: who, and why";
                Self::new(ErrorCode::ChecklistFailed, message).with_problems(problems)
            }
            StartWorkflowError::Command(error) => error.into(),
        }
    }
}

impl From<CommandError> for Error {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Conflict(conflict) => conflict.into(),
            CommandError::Log(error) => error.into(),
            CommandError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<Unavailable> for Error {
    fn from(unavailable: Unavailable) -> Self {
        Self::new(ErrorCode::Unavailable, unavailable.to_string())
    }
}

impl From<FollowError> for Error {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Manual => Self::new(ErrorCode::Conflict, error.to_string()),
            FollowError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(unavailable) => unavailable.into(),
            other => Self::internal(&other),
        }
    }
}
