//! The key of a call that is made by hand, as an attribute has it in `key = ..`.

use super::key::{KeyBuilder, PreparedKey};
use super::key_part::KeyPart;

/// A value that is the key of one call, for [`IdempotentPolicy::run`](super::IdempotentPolicy::run): a
/// reference to any value that can be serialised, or a tuple of up to six values.
///
/// | here | in the attribute |
/// |---|---|
/// | `&order.id` | `key = order.id` |
/// | `(&user, order.id)` | `key = (user, order.id)` |
///
/// Each value of a tuple is a part of the key, as in the attribute: with one `name`, both have the same keys.
/// A reference to a tuple, `&pair`, is one part, as `key = pair` is.
#[diagnostic::on_unimplemented(
    message = "the key of a call is a reference to a value that can be serialised, or a tuple, and `{Self}` is neither",
    label = "write `&` in front of it"
)]
pub trait CallKey {
    /// Encodes the key.
    #[doc(hidden)]
    fn prepare(&self) -> PreparedKey;
}

impl<P: KeyPart + ?Sized> CallKey for &P {
    fn prepare(&self) -> PreparedKey {
        KeyBuilder::new().part(*self).finish()
    }
}

macro_rules! values {
    ($($value:ty)*) => {$(
        impl CallKey for $value {
            fn prepare(&self) -> PreparedKey {
                (&self).prepare()
            }
        }
    )*};
}

values! { String char bool u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

macro_rules! tuples {
    ($(($($part:ident)*);)*) => {$(
        impl<$($part: KeyPart),*> CallKey for ($($part,)*) {
            #[expect(non_snake_case, reason = "each part is called as its type")]
            fn prepare(&self) -> PreparedKey {
                let ($($part,)*) = self;
                KeyBuilder::new()$(.part($part))*.finish()
            }
        }
    )*};
}

tuples! {
    (A);
    (A B);
    (A B C);
    (A B C D);
    (A B C D E);
    (A B C D E F);
}
