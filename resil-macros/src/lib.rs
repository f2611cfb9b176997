//! macros
#![allow(dead_code)]

mod check;
mod diag;
mod parse;
mod policy;
