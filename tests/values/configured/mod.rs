//! Policies and stacks from configuration: the feature `serde`.

mod attribute;
mod formats;
mod refused;
