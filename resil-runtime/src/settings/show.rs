//! Values as configuration has them.

use std::time::Duration;

use resil_language::duration;

use super::given::Given;

pub(crate) fn time(duration: Duration) -> Given {
    Given::Text(duration::show(duration))
}

pub(crate) fn count(count: u32) -> Given {
    Given::Number(count.to_string())
}

/// Formats a ratio in percent, if that is short.
pub(crate) fn ratio(ratio: f64) -> Given {
    let percent = (ratio * 1e6).round() / 1e4;
    #[expect(
        clippy::float_cmp,
        reason = "it has to be read as the very same number"
    )]
    if percent / 100.0 == ratio {
        Given::Text(format!("{percent}%"))
    } else {
        Given::Number(format!("{ratio:?}"))
    }
}

/// Formats a number.
pub(super) fn number(number: f64) -> Given {
    Given::Number(number.to_string())
}
