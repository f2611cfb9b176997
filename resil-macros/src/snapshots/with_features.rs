//! What the features of the package add to expansions.

use quote::quote;

use super::check;
use crate::features;

/// With the features `cancel` and `shutdown`.
#[test]
fn a_stack_whose_waits_can_be_ended() {
    features::on(|| {
        check(
            "stack_that_can_be_ended",
            quote! {
                #[circuit(name = "pay")]
                #[retry(max = 5)]
                #[rate_limit(max = 50, per = 1s, wait = 1s)]
                async fn charge(order: &Order) -> Result<Receipt, PayError> {
                    post(order).await
                }
            },
        );
    });
}

/// With the features `control` and `chaos`.
#[test]
fn a_stack_whose_settings_can_be_changed() {
    features::controlled(|| {
        check(
            "stack_that_is_controlled",
            quote! {
                #[idempotent(key = order.id)]
                #[circuit(name = "pay")]
                #[retry(max = 5)]
                #[timeout(800ms)]
                async fn charge(order: &Order) -> Result<Receipt, PayError> {
                    post(order).await
                }
            },
        );
    });
}

/// With the feature `catalog`.
#[test]
fn a_stack_that_is_listed() {
    features::listed(|| {
        check(
            "stack_that_is_listed",
            quote! {
                #[fallback(|error| cached(order, error).await)]
                #[circuit(name = "pay")]
                #[retry(max = 5)]
                #[timeout(1s)]
                async fn charge(order: &Order) -> Result<Receipt, PayError> {
                    post(order).await
                }
            },
        );
        check(
            "blocking_that_is_listed",
            quote! {
                #[circuit]
                fn charge(order: &Order) -> Result<Receipt, PayError> {
                    post(order)
                }
            },
        );
    });
}

/// With the feature `observe`.
#[test]
fn a_stack_whose_calls_are_seen() {
    features::observed(|| {
        check(
            "stack_that_is_seen",
            quote! {
                #[fallback(|error| cached(order, error).await)]
                #[circuit(name = "pay")]
                #[retry(max = 5)]
                async fn charge(order: &Order) -> Result<Receipt, PayError> {
                    post(order).await
                }
            },
        );
        check(
            "blocking_that_is_seen",
            quote! {
                #[retry(max = 5)]
                fn charge(order: &Order) -> Result<Receipt, PayError> {
                    post(order)
                }
            },
        );
    });
}

/// With the feature `tracing`.
#[test]
fn a_stack_with_spans() {
    features::traced(|| {
        check(
            "stack_with_spans",
            quote! {
                #[retry(max = 5)]
                #[timeout(5s)]
                async fn charge(order: &Order) -> Result<Receipt, PayError> {
                    post(order).await
                }
            },
        );
        check(
            "blocking_with_spans",
            quote! {
                #[fallback(cached(order))]
                #[retry(max = 5)]
                fn charge(order: &Order) -> Result<Receipt, PayError> {
                    post(order)
                }
            },
        );
    });
}
