//! The signatures of the eight steps, for implementations of [`Store`](super::Store) that treat all
//! steps alike.

/// Writes the steps of an `impl Store`. The body of each is `$each!(self, step, key, arguments..)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_steps {
    ($each:ident) => {
        $crate::__store_steps! { $each:
            claim(request: &'a $crate::idempotency::store::ClaimRequest)
                -> $crate::idempotency::store::ClaimAnswer;
            renew(
                token: $crate::idempotency::store::Token,
                lease: ::std::time::Duration,
                ttl: ::std::time::Duration
            ) -> $crate::idempotency::store::Ack;
            complete(
                token: $crate::idempotency::store::Token,
                recorded: &'a $crate::idempotency::store::Recorded,
                ttl: ::std::time::Duration
            ) -> $crate::idempotency::store::Ack;
            release(token: $crate::idempotency::store::Token)
                -> $crate::idempotency::store::Ack;
            abandon(token: $crate::idempotency::store::Token)
                -> $crate::idempotency::store::Ack;
            lookup() -> ::std::option::Option<$crate::idempotency::store::Snapshot>;
            resolve(resolution: &'a $crate::idempotency::store::Resolution)
                -> $crate::idempotency::store::ByHand;
            forget() -> $crate::idempotency::store::ByHand;
        }
    };
    ($each:ident: $($step:ident($($arg:ident: $ty:ty),*) -> $answer:ty;)*) => {
        $(fn $step<'a>(
            &'a self,
            key: &'a $crate::idempotency::store::RecordKey,
            $($arg: $ty),*
        ) -> $crate::idempotency::store::BoxFuture<
            'a,
            $crate::idempotency::store::StoreResult<$answer>,
        > {
            $each!(self, $step, key $(, $arg)*)
        })*
    };
}
