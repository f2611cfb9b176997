//! The claim around a value that is run with a key.

use super::settings::{given, or_default};
use crate::catalog::entry::{CatalogPolicy, CatalogSetting};
use crate::idempotency::{Conflict, IdempotentPolicy};
use resil_language::duration::show;

/// Returns the policy as the outermost layer.
pub(crate) fn claim(policy: &IdempotentPolicy) -> CatalogPolicy {
    CatalogPolicy {
        policy: "idempotent".to_owned(),
        words: words(policy),
        settings: settings(policy),
        switched_off_by: None,
        live: Vec::new(),
    }
}

/// Returns whether a call waits for another one's run with the same key.
pub(super) fn may_wait(policy: &IdempotentPolicy) -> bool {
    policy.conflict == Conflict::Wait
}

fn words(policy: &IdempotentPolicy) -> String {
    let meanwhile = match policy.conflict {
        Conflict::Wait => "waits",
        Conflict::Reject => "is refused",
    };
    let ttl = show(policy.ttl);
    format!("by the key of each call, replayed for {ttl}; a second caller meanwhile {meanwhile}")
}

fn settings(policy: &IdempotentPolicy) -> Vec<CatalogSetting> {
    const DEFAULT: IdempotentPolicy = IdempotentPolicy::new();
    let mut all = vec![
        or_default("ttl", policy.ttl, DEFAULT.ttl, show),
        or_default("lease", policy.lease, DEFAULT.lease, show),
        or_default("conflict", policy.conflict, DEFAULT.conflict, |of| {
            of.word().to_owned()
        }),
        or_default("on_abandon", policy.on_abandon, DEFAULT.on_abandon, |of| {
            of.word().to_owned()
        }),
        or_default("version", policy.version, DEFAULT.version, |version| {
            version.to_string()
        }),
    ];
    all.extend(policy.name.map(|name| given("name", name)));
    #[cfg(feature = "store")]
    all.extend(policy.store.map(|store| given("store", store)));
    all
}
