//! The settings of a layer.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use resil_runtime::stack::KeyedStack;
use resil_stores::Shared;

use crate::server::kept::{Function, Kept, forever};

pub(super) type Caller = dyn Fn(&Parts) -> Option<String> + Send + Sync;
pub(super) type Records = dyn Fn(StatusCode) -> bool + Send + Sync;

/// What all services of one layer share.
///
/// Where there is a count of references before it, each request writes to that. In lines of memory of its own it stays
/// where cores have read it.
#[derive(Clone)]
#[repr(align(128))]
pub(super) struct Settings {
    /// These settings, once a service has asked for them and they are kept for ever.
    pub(super) forever: OnceLock<Option<&'static Self>>,
    /// The policy, around no layers. It has the scope of the keys for a name.
    pub(super) keyed: KeyedStack,
    pub(super) caller: Function<Caller>,
    pub(super) records: Function<Records>,
    /// `None`: the store of the process.
    pub(super) store: Option<Shared>,
    pub(super) methods: Vec<Method>,
    pub(super) is_required: bool,
    pub(super) needs_quotes: bool,
    /// The headers of a request that are a part of its payload.
    pub(super) payload_headers: Vec<HeaderName>,
    /// The headers of an answer that are replayed.
    pub(super) replayed_headers: Vec<HeaderName>,
    pub(super) max_request: usize,
    pub(super) max_answer: usize,
    /// The longest time of a handler.
    pub(super) max_run: Duration,
    /// The header `Link` of a refusal.
    pub(super) documentation: Option<HeaderValue>,
}

impl Settings {
    pub(super) fn new(keyed: KeyedStack, caller: Function<Caller>) -> Self {
        Self {
            forever: OnceLock::new(),
            keyed,
            caller,
            records: Function::new(is_final, |records| records, |records| records),
            store: None,
            methods: vec![Method::POST, Method::PATCH],
            is_required: false,
            needs_quotes: false,
            payload_headers: vec![header::CONTENT_TYPE],
            replayed_headers: vec![
                header::ALLOW,
                header::CONTENT_DISPOSITION,
                header::CONTENT_ENCODING,
                header::CONTENT_LANGUAGE,
                header::CONTENT_LOCATION,
                header::CONTENT_TYPE,
                header::ETAG,
                header::LAST_MODIFIED,
                header::LINK,
                header::LOCATION,
                header::WWW_AUTHENTICATE,
            ],
            max_request: 1024 * 1024,
            max_answer: 100 * 1024,
            max_run: Duration::from_secs(600),
            documentation: None,
        }
    }

    /// Returns these settings as the services of their layer share them: for ever, if nothing that the user has given
    /// has to be dropped, and if not too many are kept so. The same settings are kept once, however often a program
    /// makes their layer.
    pub(super) fn kept(this: &Arc<Self>) -> Kept<Self> {
        static ALL: Mutex<Vec<&Settings>> = Mutex::new(Vec::new());
        let known = this.forever.get_or_init(|| {
            if !this.is_same(this) {
                return None;
            }
            forever(&ALL, |kept| kept.is_same(this), || Self::clone(this))
        });
        match *known {
            Some(known) => Kept::Forever(known),
            None => Kept::Counted(Arc::clone(this)),
        }
    }

    /// Returns whether both may be kept for ever, and are the same. A store has to be dropped, and a function may have
    /// captured what has to be.
    fn is_same(&self, other: &Self) -> bool {
        // Each field has its line: one that is forgotten here would be that of another layer.
        let Self {
            forever: _,
            keyed,
            caller,
            records,
            store,
            methods,
            is_required,
            needs_quotes,
            payload_headers,
            replayed_headers,
            max_request,
            max_answer,
            max_run,
            documentation,
        } = self;
        (store.is_none() && other.store.is_none())
            && caller.is_same(&other.caller)
            && records.is_same(&other.records)
            && *keyed == other.keyed
            && *methods == other.methods
            && *is_required == other.is_required
            && *needs_quotes == other.needs_quotes
            && *payload_headers == other.payload_headers
            && *replayed_headers == other.replayed_headers
            && *max_request == other.max_request
            && *max_answer == other.max_answer
            && *max_run == other.max_run
            && *documentation == other.documentation
    }

    /// Returns a refusal, with the link to the documentation if there is one.
    pub(super) fn refusal(&self, mut refusal: Response) -> Response {
        if let Some(link) = &self.documentation {
            refusal.headers_mut().append(header::LINK, link.clone());
        }
        refusal
    }
}

/// Returns whether an answer of this status says what became of the request. The others ask to come again.
fn is_final(status: StatusCode) -> bool {
    let comes_again = matches!(
        status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
    );
    !comes_again && !status.is_server_error()
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("name", &self.keyed.name())
            .field("policy", &self.keyed.policy())
            .field("store", &self.store)
            .field("methods", &self.methods)
            .field("is_required", &self.is_required)
            .field("needs_quotes", &self.needs_quotes)
            .field("payload_headers", &self.payload_headers)
            .field("replayed_headers", &self.replayed_headers)
            .field("max_request", &self.max_request)
            .field("max_answer", &self.max_answer)
            .field("max_run", &self.max_run)
            .field("documentation", &self.documentation)
            .finish_non_exhaustive()
    }
}
