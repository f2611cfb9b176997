//! The options of a `last_ok` by name.

use resil_language::table::{Kind, Opt, Spec};

use crate::fallback::last_ok::LastOkPolicy;
use crate::settings::{Named, Setting, Table, count, time};
use crate::stack::Layer;

static SPEC: Spec = Spec {
    owner: "`#[fallback(last_ok)]`",
    options: &[
        Opt::new("max_age", Kind::Duration, "1h"),
        Opt::new("max_keys", Kind::Count, "10_000"),
    ],
    aliases: &[],
    nameless: &[],
};

static TABLE: Table<LastOkPolicy> = Table {
    spec: &SPEC,
    settings: &[
        Setting {
            name: "max_age",
            read: |policy, value| Ok(policy.max_age(value.duration()?)),
            write: |policy| policy.max_age.map(time),
        },
        Setting {
            name: "max_keys",
            read: |policy, value| Ok(policy.max_keys(value.count(1, u32::MAX)?)),
            write: |policy| Some(count(policy.max_keys)),
        },
    ],
    rules: |_, _| Vec::new(),
};

impl Named for LastOkPolicy {
    const NAME: &'static str = "fallback";
    const TABLE: &'static Table<Self> = &TABLE;
    const BASE: Self = Self::new();

    fn layer(self) -> Option<Layer> {
        None
    }
}
