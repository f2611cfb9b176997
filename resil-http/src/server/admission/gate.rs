//! The gate of an admission layer: its bulkhead, its rate limit, and who passes both.

use std::any::Any;
use std::fmt::{self, Display};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, HeaderName};
use resil_runtime::bulkhead::{BulkheadPlace, BulkheadPolicy};
use resil_runtime::edge::{free_place, limit_of_bytes, take_one, take_one_of_key};
use resil_runtime::rate_limit::{RateLimitPolicy, RateLimitSettings};
use resil_runtime::{Bulkhead, Error, KeyedRateLimit, RateLimit};

use super::fields::Fields;
use crate::server::came::came;
use crate::server::kept::{Function, Kept, forever};

type KeyOf = dyn Fn(&Parts, RateLimit) -> Option<KeyedRateLimit> + Send + Sync;
type IsExempt = dyn Fn(&Parts) -> bool + Send + Sync;

/// What decides whether a request comes in.
#[derive(Clone, Default)]
pub(super) struct Gate {
    bulkhead: Option<Bulkhead>,
    rate_limit: Option<(RateLimit, &'static Fields)>,
    key: Option<Key>,
    is_exempt: Option<Function<IsExempt>>,
    /// Whether answers say nothing of the rate limit.
    is_silent: bool,
}

/// Names the caller of a request.
#[derive(Clone)]
enum Key {
    Function(Function<KeyOf>),
    Header(HeaderName),
}

impl Key {
    /// Returns whether both may be kept for ever, and are the same.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Function(key), Self::Function(other)) => key.is_same(other),
            (Self::Header(name), Self::Header(other)) => name == other,
            (Self::Function(_), Self::Header(_)) | (Self::Header(_), Self::Function(_)) => false,
        }
    }
}

/// The rate limit of one request, and what its headers are written with.
#[derive(Debug)]
pub(super) struct Limit {
    of: Of,
    /// `None` if answers say nothing of it.
    fields: Option<&'static Fields>,
}

/// That of the name, or that of the caller.
#[derive(Debug)]
enum Of {
    Named(RateLimit),
    Keyed(KeyedRateLimit),
}

/// What the first look at a request has come to.
pub(super) enum Look {
    /// It is let in. `available` more requests would be let in by its limit, if it has one.
    In {
        place: Option<BulkheadPlace>,
        available: Option<u32>,
    },
    /// It has to wait, or is refused: [`enter`](Gate::enter) decides. `is_counted`: its limit has let it in.
    Undecided { is_counted: bool },
}

impl Gate {
    pub(super) fn bulkhead(&mut self, name: &str, policy: BulkheadPolicy) {
        let bulkhead = resil_runtime::bulkhead(name);
        bulkhead.configure(policy);
        self.bulkhead = Some(bulkhead);
    }

    pub(super) fn rate_limit(&mut self, name: &str, policy: RateLimitPolicy) {
        let limit = resil_runtime::rate_limit(name);
        limit.configure(policy);
        self.rate_limit = Some((limit, Fields::of(limit.name())));
    }

    pub(super) fn key<K: Display + 'static>(
        &mut self,
        key: impl Fn(&Parts) -> Option<K> + Send + Sync + 'static,
    ) {
        let keyed = move |request: &Parts, limit: RateLimit| {
            let key = key(request)?;
            // What is text already needs no formatting.
            let of_text = text_of(&key).and_then(|text| limit_of_bytes(limit, text.as_bytes()));
            Some(of_text.unwrap_or_else(|| limit.key(key)))
        };
        self.key = Some(Key::Function(Function::new(keyed, |key| key, |key| key)));
    }

    pub(super) fn key_header(&mut self, name: HeaderName) {
        self.key = Some(Key::Header(name));
    }

    pub(super) fn headers(&mut self, are_sent: bool) {
        self.is_silent = !are_sent;
    }

    pub(super) fn exempt(&mut self, is_exempt: impl Fn(&Parts) -> bool + Send + Sync + 'static) {
        self.is_exempt = Some(Function::new(is_exempt, |is| is, |is| is));
    }

    /// Returns the gate as the services of its layer share it: for ever, if no function has captured anything, and if
    /// not too many are kept so. The same gate is kept once, however often a program makes its layer.
    pub(super) fn kept(&self) -> Kept<Self> {
        static ALL: Mutex<Vec<&Gate>> = Mutex::new(Vec::new());
        let may_stay = self.is_same(self);
        let known = may_stay.then(|| forever(&ALL, |kept| kept.is_same(self), || self.clone()));
        match known.flatten() {
            Some(known) => Kept::Forever(known),
            None => Kept::Counted(Arc::new(self.clone())),
        }
    }

    /// Returns whether both may be kept for ever, and are the same.
    fn is_same(&self, other: &Self) -> bool {
        // Each field has its line: one that is forgotten here would be that of another layer.
        let Self {
            bulkhead,
            rate_limit,
            key,
            is_exempt,
            is_silent,
        } = self;
        let name_of = |of: &Option<(RateLimit, &Fields)>| of.map(|(limit, _)| limit.name());
        // There is one state of a name, and one `Fields`.
        bulkhead.map(|bulkhead| bulkhead.name()) == other.bulkhead.map(|other| other.name())
            && name_of(rate_limit) == name_of(&other.rate_limit)
            && both(key.as_ref(), other.key.as_ref(), Key::is_same)
            && both(
                is_exempt.as_ref(),
                other.is_exempt.as_ref(),
                Function::is_same,
            )
            && *is_silent == other.is_silent
    }

    pub(super) fn is_exempt(&self, request: &Parts) -> bool {
        let is_exempt = self.is_exempt.as_ref();
        is_exempt.is_some_and(|is_exempt| is_exempt(request))
    }

    /// Returns whether a function is asked about each request.
    pub(super) fn asks(&self) -> bool {
        let has_function = matches!(self.key, Some(Key::Function(_)));
        self.is_exempt.is_some() || (has_function && self.rate_limit.is_some())
    }

    /// Returns the rate limit of the name, if there is one, and what its headers are written with.
    fn named(&self) -> Option<(RateLimit, Option<&'static Fields>)> {
        let (limit, fields) = self.rate_limit?;
        Some((limit, Some(fields).filter(|_| !self.is_silent)))
    }

    /// Returns the rate limit that a request with these headers counts for, if there is one and no function is asked
    /// for its key.
    pub(super) fn limit_by_headers(&self, headers: &HeaderMap) -> Option<Limit> {
        let (limit, fields) = self.named()?;
        let value = match &self.key {
            Some(Key::Header(name)) => headers.get(name),
            _ => None,
        };
        let keyed = value.and_then(|value| limit_of_bytes(limit, value.as_bytes()));
        let of = keyed.map_or(Of::Named(limit), Of::Keyed);
        Some(Limit { of, fields })
    }

    /// Returns the rate limit that a request counts for, if there is one.
    pub(super) fn limit_of(&self, request: &Parts) -> Option<Limit> {
        let Some(Key::Function(key)) = &self.key else {
            return self.limit_by_headers(&request.headers);
        };
        let (limit, fields) = self.named()?;
        let of = key(request, limit).map_or(Of::Named(limit), Of::Keyed);
        Some(Limit { of, fields })
    }

    /// Looks at a request for the first time: lets it in if it may come now and a place is free. It tells nobody of
    /// one that may not.
    pub(super) fn look(&self, limit: Option<&Limit>) -> Look {
        let available = match limit.map(Limit::take_one) {
            Some(None) => return Look::Undecided { is_counted: false },
            Some(available) => available,
            None => None,
        };
        let place = match &self.bulkhead {
            None => None,
            Some(bulkhead) => match free_place(bulkhead) {
                None => return Look::Undecided { is_counted: true },
                place => place,
            },
        };
        Look::In { place, available }
    }

    /// Lets a request in, now or when its turn comes and a place is free. Returns its place, if it needs one.
    /// `limit` is `None` if there is none, or if it has let the request in.
    ///
    /// # Cancellation
    ///
    /// Dropped, it leaves the queue. What the rate limit has let in counts.
    pub(super) async fn enter(
        &self,
        limit: Option<&Limit>,
    ) -> Result<Option<BulkheadPlace>, Error> {
        if let Some(limit) = limit {
            limit.enter().await?;
        }
        match self.bulkhead {
            Some(bulkhead) => bulkhead.acquire().await.map(Some),
            None => Ok(None),
        }
    }
}

/// Returns whether neither is there, or both are and are the same.
fn both<T>(one: Option<&T>, other: Option<&T>, is_same: impl FnOnce(&T, &T) -> bool) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => is_same(one, other),
        _ => false,
    }
}

/// Returns what `Display` would write, of the usual types whose text is there.
fn text_of<K: 'static>(key: &K) -> Option<&str> {
    let key: &dyn Any = key;
    let owned = key.downcast_ref::<String>().map(String::as_str);
    owned
        .or_else(|| key.downcast_ref::<&'static str>().copied())
        .or_else(|| key.downcast_ref::<Arc<str>>().map(AsRef::as_ref))
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("bulkhead", &self.bulkhead)
            .field("rate_limit", &self.rate_limit.map(|(limit, _)| limit))
            .field("is_keyed", &self.key.is_some())
            .field("is_silent", &self.is_silent)
            .finish_non_exhaustive()
    }
}

impl Limit {
    /// Returns whether answers say something of it.
    pub(super) fn is_told(&self) -> bool {
        self.fields.is_some()
    }

    /// Adds its headers to those of an answer. `available` is how many requests would be let in now, where that is
    /// known, and `retry_after` that of a refusal.
    pub(super) fn tell(
        &self,
        available: Option<u32>,
        retry_after: Option<Duration>,
        headers: &mut HeaderMap,
    ) {
        if let (Some(fields), Some(settings)) = (self.fields, self.settings()) {
            let available = available.unwrap_or_else(|| self.available());
            fields.add(&settings, available, retry_after, headers);
        }
    }

    fn take_one(&self) -> Option<u32> {
        match &self.of {
            Of::Named(limit) => take_one(limit, came()),
            Of::Keyed(limit) => take_one_of_key(limit, came()),
        }
    }

    async fn enter(&self) -> Result<(), Error> {
        // By hand a call waits as long as it takes where the settings do not say.
        let waits = self.settings().is_some_and(|set| set.wait.is_some());
        match &self.of {
            Of::Named(limit) if waits => limit.acquire(1).await,
            Of::Keyed(limit) if waits => limit.acquire(1).await,
            Of::Named(limit) => limit.try_acquire(1),
            Of::Keyed(limit) => limit.try_acquire(1),
        }
    }

    fn settings(&self) -> Option<RateLimitSettings> {
        match &self.of {
            Of::Named(limit) => limit.settings(),
            Of::Keyed(limit) => limit.settings(),
        }
    }

    fn available(&self) -> u32 {
        match &self.of {
            Of::Named(limit) => limit.available(),
            Of::Keyed(limit) => limit.available(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_gates_are_kept_once_and_others_are_not_taken_for_them() {
        let gates = || {
            let each: [fn(&mut Gate); 10] = [
                |_| {},
                |gate| gate.bulkhead("kept-gate", BulkheadPolicy::new()),
                |gate| gate.bulkhead("kept-gate-2", BulkheadPolicy::new()),
                |gate| gate.rate_limit("kept-gate", RateLimitPolicy::new()),
                |gate| gate.key(|request| Some(request.uri.path().to_owned())),
                |gate| gate.key(|_| None::<String>),
                |gate| gate.key_header(HeaderName::from_static("x-api-key")),
                |gate| gate.key_header(HeaderName::from_static("x-customer")),
                |gate| gate.exempt(|request| request.uri.path() == "/live"),
                |gate| gate.headers(false),
            ];
            each.map(|set| {
                let mut gate = Gate::default();
                set(&mut gate);
                gate
            })
        };
        for (n, one) in gates().iter().enumerate() {
            for (m, other) in gates().iter().enumerate() {
                assert_eq!(one.is_same(other), n == m, "{n} and {m}");
                let (Kept::Forever(one), Kept::Forever(other)) = (one.kept(), other.kept()) else {
                    panic!("{n} and {m} have captured nothing");
                };
                assert_eq!(std::ptr::eq(one, other), n == m, "{n} and {m}");
            }
        }
    }

    #[test]
    fn a_gate_with_a_function_that_has_captured_something_is_given_back() {
        let counted = Arc::new(());
        let mut gate = Gate::default();
        let captured = Arc::clone(&counted);
        gate.exempt(move |_| Arc::strong_count(&captured) == 0);
        let kept = gate.kept();
        assert!(matches!(kept, Kept::Counted(_)));
        drop((gate, kept));
        assert_eq!(Arc::strong_count(&counted), 1);
    }
}
