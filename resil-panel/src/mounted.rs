//! What the routes of a panel share.

use crate::token::Token;

/// A panel whose router is mounted.
#[derive(Debug)]
pub(crate) struct Mounted {
    pub(crate) title: String,
    pub(crate) token: Option<Token>,
}
