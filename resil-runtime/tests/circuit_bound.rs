//! D16: names made by hand do not fill the memory. In a process of its own, since it uses up what
//! the process may have.

use resil_runtime::registry::{MAX_BY_HAND, OVERFLOW};
use resil_runtime::{breaker, registry};

#[test]
fn d16_names_made_by_hand_are_bounded() {
    for i in 0..MAX_BY_HAND {
        assert_eq!(breaker(&format!("host-{i}")).name(), format!("host-{i}"));
    }
    for i in 0..100_000 {
        assert_eq!(breaker(&format!("more-{i}")).name(), OVERFLOW);
    }
    assert_eq!(registry().snapshot().len(), MAX_BY_HAND + 1);
    // Those that exist are found as ever.
    assert_eq!(breaker("host-7").name(), "host-7");
}
