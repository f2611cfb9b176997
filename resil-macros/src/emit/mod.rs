//! The tools with which policies write code: names of the runtime, constants, patterns, and what a
//! layer may know of the layers around it.

mod caller;
mod constant;
mod context;
mod control;
mod inner;
mod judged;
mod matching;
mod named;
mod permit;
mod setting;
mod shared;
mod types;
mod underscore;
mod user_code;

pub(crate) use constant::{ConstBound, ConstType, any_count, any_duration, count, not_zero, ratio};
pub(crate) use context::{CratePath, EmitContext, LayerGroup, StackContext};
pub(crate) use inner::{Emitted, Entry, Inner, clone_of, option};
pub(crate) use named::{FoundState, NamedState};
pub(crate) use setting::{Setting, SettingCode};
pub(crate) use underscore::{underscored, underscored_pattern};
