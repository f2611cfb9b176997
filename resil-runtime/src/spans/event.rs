//! The form of all events.

/// Makes an event of tracing's: its level, its target below `resil::`, its name below `resil.`, the
/// sentence that it says, and its fields.
macro_rules! event {
    ($level:ident, $target:literal, $name:literal, $text:expr, { $($fields:tt)* }) => {
        tracing::event!(
            name: concat!("resil.", $name),
            target: concat!("resil::", $target),
            tracing::Level::$level,
            { $($fields)* },
            "{}",
            $text
        )
    };
}

pub(super) use event;
