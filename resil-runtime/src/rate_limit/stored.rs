//! The part of a limit over all hosts that lives in this process: its name, its settings, and the rate
//! limit that counts here while the store is away. `resil-stores` asks the store.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use super::limit::{Limit, Taken};
use super::named::NamedLimit;
use super::patience::until_deadline;
use super::policy::RateLimitPolicy;
use super::settings::RateLimitSettings;
use super::site::RateLimitSite;
use super::store::StoreError;
use super::turn::Turn;
use crate::call::{CallState, Types, id_of};
use crate::cancel;
use crate::clock;
use crate::error::Refusal;
use crate::event::{self, Event, StopReason};
use crate::named::{Held, KeyText};

/// The limit of one call, as this process knows it.
#[derive(Debug)]
pub struct LocalLimit {
    limit: &'static NamedLimit,
    /// The whole text of the key.
    key: Option<String>,
}

/// The name of a limit in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LimitScope {
    /// The name that the attribute gives.
    Name(&'static str),
    /// Module path, function and line of a function without a name.
    Site(String),
}

impl RateLimitSite {
    /// Returns the limit of a call with `key`, in this process. `policy` is as for
    /// [`admit`](Self::admit).
    pub fn local(
        &'static self,
        policy: Option<&'static RateLimitPolicy>,
        key: Option<&dyn Display>,
    ) -> LocalLimit {
        // The key's `Display` is the user's code: it runs with no lock held.
        let key = key.map(ToString::to_string);
        LocalLimit {
            limit: self.named().get(policy),
            key,
        }
    }

    /// Returns the name of the limit in a store. Every process has to come to the same one, whatever
    /// order its functions are called in: so the name of a site says the line, and the type.
    pub fn scope(&'static self, types: Option<Types>) -> LimitScope {
        if let Some(name) = self.named().name() {
            return LimitScope::Name(name);
        }
        let site = self.named().site();
        let function = types.map_or(site.function(), Types::function);
        LimitScope::Site(format!("{function}:{}", site.line()))
    }
}

impl LocalLimit {
    /// Returns the name: the one given to it, or the path of the function.
    pub fn name(&self) -> &'static str {
        self.limit.name()
    }

    /// Returns the text of the key, if there is one.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns the settings in use; `None` as long as nothing is limited.
    pub fn settings(&self) -> Option<RateLimitSettings> {
        self.limit.settings()
    }

    /// Returns how long a call may wait for its turn now: as long as the settings say, and at most to
    /// the deadline in force. `None` if it may not.
    pub fn patience(&self, settings: &RateLimitSettings) -> Option<Duration> {
        let longest = clock::nanos(settings.wait?);
        until_deadline(longest).map(Duration::from_nanos)
    }

    /// Lets a call of `cost` in, counted in this process alone.
    pub fn admit(&self, cost: u32, call: Option<&CallState>) -> Result<Option<Turn>, Refusal> {
        let held = self.held();
        let taken = held.take(cost, clock::now_ns);
        if taken == Taken::In {
            return Ok(None);
        }
        let reserved = held.admit(taken, cost, call)?;
        Ok(reserved.map(|reserved| Turn::new(held, reserved)))
    }

    fn held(&self) -> Held<Limit> {
        match &self.key {
            None => Held::Named(self.limit),
            Some(key) => Held::Keyed(self.limit.of_key(key)),
        }
    }

    /// Returns the refusal of a call that would be let in after `retry_after`, if ever, and tells
    /// listeners of it.
    pub fn refuse(&self, retry_after: Option<Duration>, call: Option<&CallState>) -> Refusal {
        let key = || {
            self.key
                .as_deref()
                .map(|key| KeyText::with(key, |text| Arc::from(text.as_str())))
        };
        self.limit.refuse(retry_after, key, call)
    }
}

impl LocalLimit {
    /// Returns the refusal of a call whose wait was ended from outside, and tells listeners of it.
    pub fn cancelled(&self, reason: StopReason, call: Option<&CallState>) -> Refusal {
        cancel::refuse(self.name(), reason, || Some(id_of(call)))
    }
}

/// Tells listeners that the store is away, and why.
pub fn tell_away(store: &str, error: &StoreError) {
    event::emit(|| Event::RateLimitStoreAway {
        store: store.to_owned(),
        error: error.to_string(),
    });
}

/// Tells listeners that the store is back, after so long.
pub fn tell_back(store: &str, after: Duration) {
    event::emit(|| Event::RateLimitStoreBack {
        store: store.to_owned(),
        after,
    });
}
