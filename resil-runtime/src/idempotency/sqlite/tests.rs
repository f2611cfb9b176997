//! What the public suite can not see.
