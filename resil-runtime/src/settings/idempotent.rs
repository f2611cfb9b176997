//! The options of an idempotency policy.

use std::time::Duration;

use resil_language::tables::idempotent::{CONFLICT, ON_ABANDON, SPEC};

use super::Named;
use super::given::Given;
use super::show::{count, time};
use super::table::{Setting, Table};
use crate::idempotency::{Conflict, IdempotentPolicy, OnAbandon};
use crate::stack::Layer;

impl Named for IdempotentPolicy {
    const NAME: &'static str = "idempotent";
    const TABLE: &'static Table<Self> = &TABLE;
    const BASE: Self = Self::new();

    fn layer(self) -> Option<Layer> {
        None
    }
}

static TABLE: Table<IdempotentPolicy> = Table {
    spec: &SPEC,
    settings: &[
        Setting {
            name: "ttl",
            read: |policy, value| Ok(policy.ttl(value.duration()?)),
            write: |policy| Some(time(policy.ttl)),
        },
        Setting {
            name: "lease",
            read: |policy, value| Ok(policy.lease(value.duration_from(Duration::from_millis(30))?)),
            write: |policy| Some(time(policy.lease)),
        },
        Setting {
            name: "conflict",
            read: |policy, value| Ok(policy.conflict(Conflict::of(value.word(&CONFLICT)?))),
            write: |policy| Some(Given::text(policy.conflict.word())),
        },
        Setting {
            name: "on_abandon",
            read: |policy, value| Ok(policy.on_abandon(OnAbandon::of(value.word(&ON_ABANDON)?))),
            write: |policy| Some(Given::text(policy.on_abandon.word())),
        },
        Setting {
            name: "version",
            read: |policy, value| Ok(policy.version(value.count(0, u32::MAX)?)),
            write: |policy| Some(count(policy.version)),
        },
    ],
    rules: |_, _| Vec::new(),
};
