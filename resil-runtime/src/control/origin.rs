//! Where a setting comes from, and the faults of settings.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub(super) use resil_language::messages::{help, no_effect};

/// The place that a setting in force comes from. A later one of this order wins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The attribute of the function, or a default.
    Attribute,
    /// A file.
    #[non_exhaustive]
    File {
        /// Its path, as it was given.
        path: Arc<Path>,
        /// The line, from 1.
        line: usize,
    },
    /// A variable of the environment.
    #[non_exhaustive]
    Environment {
        /// The name of the variable.
        variable: Arc<str>,
    },
    /// A call of [`control()`](crate::control()).
    Hand,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute => f.write_str("attribute"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment { variable } => f.write_str(variable),
            Self::Hand => f.write_str("by hand"),
        }
    }
}

/// One setting that is refused.
///
/// `Display` says where it stands, which one it is, what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ControlFault {
    /// Where the setting stands.
    pub origin: Origin,
    /// The key, as a file has it: `function."app::charge".retry.max`. Empty for a fault of a whole file.
    pub key: String,
    /// What is wrong, and in a line of its own, behind `help: `, what to write instead.
    pub message: String,
}

impl fmt::Display for ControlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            write!(f, "`{}`: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Settings that are refused. Nothing of what was given with them is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlError(Vec<ControlFault>);

impl ControlError {
    pub(super) fn new(faults: Vec<ControlFault>) -> Self {
        Self(faults)
    }

    pub(super) fn one(origin: Origin, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![ControlFault {
            origin,
            key: key.into(),
            message: message.into(),
        }])
    }

    /// Returns all faults, in the order of the settings.
    pub fn faults(&self) -> &[ControlFault] {
        &self.0
    }
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ControlError {}
