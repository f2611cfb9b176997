//! A value of configuration, of whatever format.

/// A value as configuration has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// `true` stands for a bare word of an attribute: `exponential = true`.
    Flag(bool),
    /// A number, as it is written.
    Number(String),
    /// What an attribute has without quotes: `"100ms"` for `100ms`.
    Text(String),
    List(Vec<Given>),
    /// Options of its own, in written order.
    Table(Vec<(String, Given)>),
}

impl Given {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Returns the value as an attribute has it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Number(text) | Self::Text(text) => text.clone(),
            Self::List(all) => {
                let all: Vec<String> = all.iter().map(Self::shown).collect();
                format!("[{}]", all.join(", "))
            }
            Self::Table(options) => {
                let options: Vec<String> = options
                    .iter()
                    .map(|(name, value)| format!("{name} = {}", value.shown()))
                    .collect();
                format!("({})", options.join(", "))
            }
        }
    }
}
