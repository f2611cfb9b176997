//! A file of settings: TOML, with the line of each value.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use resil_language::nearest::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::origin::{ControlFault, Origin, help};
use super::setting::{Change, Setting, Target};
use super::spelling;
use super::written::Kind;
use crate::settings::Given;

/// Reads the text of the file at `path`.
pub(super) fn read(path: &Arc<Path>, text: &str) -> Result<Vec<Setting>, Vec<ControlFault>> {
    let mut reader = Reader {
        path,
        text,
        settings: Vec::new(),
        faults: Vec::new(),
    };
    match DeTable::parse(text) {
        Ok(table) => reader.root(table.get_ref()),
        Err(error) => {
            let at = error.span().unwrap_or(0..0);
            let what = format!("this is no TOML: {}", error.message());
            let key = text.get(at.clone()).unwrap_or_default().to_owned();
            if error.message() == "duplicate key" {
                reader.fault(key, &at, help(what, "write it once"));
            } else {
                let instead = "write tables such as `[function.\"app::charge\".retry]`, with `max = 2` in them";
                reader.fault(String::new(), &at, help(what, instead));
            }
        }
    }
    if reader.faults.is_empty() {
        Ok(reader.settings)
    } else {
        Err(reader.faults)
    }
}

/// Returns the fault of a file that can't be read.
pub(super) fn unreadable(path: &Arc<Path>, error: &std::io::Error) -> ControlFault {
    ControlFault {
        origin: Origin::File {
            path: Arc::clone(path),
            line: 1,
        },
        key: String::new(),
        message: help(
            format!("the file can't be read: {error}"),
            "the settings of before stay in force; put the file there, and reload",
        ),
    }
}

/// Returns the fault of a watched file that has become empty.
pub(super) fn empty(path: &Arc<Path>) -> ControlFault {
    ControlFault {
        origin: Origin::File {
            path: Arc::clone(path),
            line: 1,
        },
        key: String::new(),
        message: help(
            "the file is empty, and may be in the middle of being written: the settings of before stay in force",
            "write a comment into it for no settings, or replace it by renaming another one",
        ),
    }
}

struct Reader<'f> {
    path: &'f Arc<Path>,
    text: &'f str,
    settings: Vec<Setting>,
    faults: Vec<ControlFault>,
}

type Key<'t> = (&'t str, &'t Spanned<DeValue<'t>>);

/// Returns the entries of a table, in the order of the file.
fn entries<'t>(table: &'t DeTable<'t>) -> Vec<Key<'t>> {
    let mut all: Vec<_> = table.iter().collect();
    all.sort_by_key(|(key, _)| key.span().start);
    all.into_iter()
        .map(|(key, value)| (key.get_ref().as_ref(), value))
        .collect()
}

impl Reader<'_> {
    fn origin(&self, at: &Range<usize>) -> Origin {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        Origin::File {
            path: Arc::clone(self.path),
            line: before.matches('\n').count() + 1,
        }
    }

    fn fault(&mut self, key: String, at: &Range<usize>, message: String) {
        self.faults.push(ControlFault {
            origin: self.origin(at),
            key,
            message,
        });
    }

    fn root(&mut self, table: &DeTable<'_>) {
        const TABLES: [&str; 4] = ["all", "chaos", "function", "name"];
        for (key, value) in entries(table) {
            let make: Option<fn(String) -> Target> = match key {
                "function" => Some(Target::Function),
                "name" => Some(Target::Name),
                _ => None,
            };
            match make {
                _ if key == "all" => self.target(&Target::All, value),
                Some(make) => {
                    for (name, value) in self.table(key, value).into_iter().flat_map(entries) {
                        self.target(&make(name.to_owned()), value);
                    }
                }
                None if key == "chaos" => self.chaos(value),
                None => {
                    let near = nearest(key, TABLES).unwrap_or("function");
                    let message = help(
                        format!("a file has no table `{key}`"),
                        format!(
                            "did you mean `{near}`? It has `[all.<policy>]`, `[function.\"app::charge\".<policy>]` and `[name.pay.<policy>]`"
                        ),
                    );
                    self.fault(key.to_owned(), &value.span(), message);
                }
            }
        }
    }

    /// Returns a value that has to be a table.
    fn table<'t>(&mut self, key: &str, value: &'t Spanned<DeValue<'t>>) -> Option<&'t DeTable<'t>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(table);
        }
        let message = help(
            format!("`{key}` is a table"),
            format!("write `[{key}.<..>]`, with the settings below it"),
        );
        self.fault(key.to_owned(), &value.span(), message);
        None
    }

    /// Reads what stands below a function, a name, or `all`.
    fn target(&mut self, target: &Target, value: &Spanned<DeValue<'_>>) {
        let Some(table) = self.table(&target.to_string(), value) else {
            return;
        };
        for (key, value) in entries(table) {
            if key == "off" {
                self.switch(target, None, value);
                continue;
            }
            match Kind::read(key) {
                Ok(kind) => self.policy(target, kind, value),
                Err(message) => {
                    let message = in_quotes(target, key, value.get_ref()).unwrap_or(message);
                    self.fault(format!("{target}.{key}"), &value.span(), message);
                }
            }
        }
    }

    fn policy(&mut self, target: &Target, kind: Kind, value: &Spanned<DeValue<'_>>) {
        let key = format!("{target}.{}", kind.name());
        if kind == Kind::Chaos && !cfg!(feature = "chaos") {
            return self.chaos(value);
        }
        match value.get_ref() {
            DeValue::Table(table) => {
                for (option, value) in entries(table) {
                    if option == "off" {
                        self.switch(target, Some(kind), value);
                    } else {
                        self.option(target, kind, option, value);
                    }
                }
            }
            DeValue::String(text) if text == "off" || text == "on" => {
                let on = Change::Switch(text == "on");
                self.setting(target, Some(kind), on, &value.span());
            }
            _ if kind == Kind::Timeout => self.option(target, kind, "", value),
            _ => {
                let message = help(
                    format!("`{}` is a table, or `\"off\"`", kind.name()),
                    format!("write `[{key}]`, with the options below it"),
                );
                self.fault(key, &value.span(), message);
            }
        }
    }

    fn switch(&mut self, target: &Target, kind: Option<Kind>, value: &Spanned<DeValue<'_>>) {
        if let DeValue::Boolean(off) = value.get_ref() {
            self.setting(target, kind, Change::Switch(!off), &value.span());
            return;
        }
        let key = match kind {
            Some(kind) => format!("{target}.{}.off", kind.name()),
            None => format!("{target}.off"),
        };
        let message = help("`off` takes `true` or `false`", "write `off = true`");
        self.fault(key, &value.span(), message);
    }

    fn option(&mut self, target: &Target, kind: Kind, option: &str, value: &Spanned<DeValue<'_>>) {
        let at = value.span();
        if *target == Target::All && kind != Kind::Chaos {
            let key = format!("{target}.{}.{option}", kind.name());
            let message = help(
                "for all functions a policy is switched off and on, and nothing else",
                format!(
                    "write `{option}` for each function, `[function.\"app::charge\".{}]`, or for each name, `[name.pay.{}]`",
                    kind.name(),
                    kind.name()
                ),
            );
            self.fault(key, &at, message);
            return;
        }
        let mut given = given(value.get_ref());
        let mut name = option.to_owned();
        if kind == Kind::Timeout && !name.is_empty() {
            // A limit has no name: its reader says what to write.
            given = Given::Table(vec![(std::mem::take(&mut name), given)]);
        }
        self.setting(target, Some(kind), Change::Option(name, given), &at);
    }

    fn setting(&mut self, target: &Target, kind: Option<Kind>, change: Change, at: &Range<usize>) {
        self.settings.push(Setting {
            target: target.clone(),
            kind,
            change,
            origin: self.origin(at),
            left_out: BTreeSet::new(),
        });
    }

    /// Reads the settings of injected faults that are for all.
    #[cfg(feature = "chaos")]
    fn chaos(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(table) = self.table("chaos", value) else {
            return;
        };
        for (option, value) in entries(table) {
            let change = Change::Option(option.to_owned(), given(value.get_ref()));
            self.setting(&Target::All, Some(Kind::Chaos), change, &value.span());
        }
    }

    #[cfg(not(feature = "chaos"))]
    fn chaos(&mut self, value: &Spanned<DeValue<'_>>) {
        let message = help(
            "faults are injected with the feature `chaos` alone",
            "remove the table, or build with the feature `chaos` of `resil`",
        );
        self.fault("chaos".to_owned(), &value.span(), message);
    }
}

/// Returns what to write for a path that stands without quotes: `[function.app.charge]`.
fn in_quotes(target: &Target, key: &str, value: &DeValue<'_>) -> Option<String> {
    let Target::Function(first) = target else {
        return None;
    };
    let is_policy = nearest(key, Kind::ALL.map(Kind::name)).is_some();
    let is_part = matches!(value, DeValue::Table(_)) && !first.contains("::") && !is_policy;
    is_part.then(|| {
        help(
            format!("there is no policy `{key}`, and a path is one key"),
            format!("write it in quotes: `[function.\"{first}::{key}\".<policy>]`"),
        )
    })
}

/// Returns a value of the file as configuration has it.
fn given(value: &DeValue<'_>) -> Given {
    match value {
        DeValue::Boolean(flag) => Given::Flag(*flag),
        DeValue::Integer(number) => Given::Number(number.to_string()),
        DeValue::Float(number) => Given::Number(number.to_string()),
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Datetime(time) => Given::Text(time.to_string()),
        DeValue::Array(all) => {
            Given::List(all.iter().map(|value| given(value.get_ref())).collect())
        }
        DeValue::Table(table) => {
            let all = entries(table).into_iter();
            Given::Table(
                all.map(|(key, value)| (key.to_owned(), given(value.get_ref())))
                    .collect(),
            )
        }
    }
}

/// Returns faults with what to write instead spelled as the place of each has it.
pub(super) fn spelled(faults: Vec<ControlFault>) -> Vec<ControlFault> {
    let spell = |mut fault: ControlFault| {
        match &fault.origin {
            Origin::File { .. } => fault.message = spelling::in_a_file(&fault.message),
            Origin::Environment { variable } => {
                let option = fault.key.rsplit('.').next().unwrap_or_default();
                fault.message = spelling::in_a_variable(&fault.message, option, variable);
            }
            _ => {}
        }
        fault
    };
    faults.into_iter().map(spell).collect()
}
