//! Empty: this package only builds tests of the root in edition 2021 (see `Cargo.toml`).
