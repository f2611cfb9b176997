//! Programs as users write them: each compiles under the lints that it denies itself, and its `main`
//! is a test. A program is a module of this one binary, so that all are linked once; those that must
//! be a crate of their own are in `stack/pass_alone/`, each a target in `Cargo.toml`.
//!
//! They share a process: names of breakers, stores and operations are a program's own.

// What they declare is not all used; and of clippy they deny nothing.
#![allow(dead_code, clippy::all)]

use std::fs;
use std::path::Path;

/// `policy { file, .. }`: the modules `policy::pass::file`. Behind a macro rustfmt does not find them:
/// some are laid out as users write, not as it would.
macro_rules! programs {
    ($($policy:ident { $($file:ident,)* })*) => {
        $(pub mod $policy {
            pub mod pass {
                $(pub mod $file;)*
            }
        })*
        const PROGRAMS: &[&str] =
            &[$($(concat!(stringify!($policy), "/pass/", stringify!($file), ".rs"),)*)*];
    };
}

programs! {
    apply {
        a_policy_of_another_crate,
        one_policy_for_many_functions,
    }
    bulkhead {
        a_limit_of_the_client,
        a_shared_disk,
        options,
    }
    circuit {
        a_breaker_inside_itself,
        a_policy_with_overrides,
        a_rate_over_the_last_calls,
        client_errors_are_no_failures,
        keys_of_each_kind,
        one_name_for_two_functions,
        opens_probes_and_closes,
        options,
        patterns,
        settings_of_a_generic_client,
        slow_calls_trip,
        values_that_are_failures,
    }
    classify {
        a_verdict_by_hand,
        an_inner_refusal_is_not_hammered,
        derive,
        errors_that_are_structs,
        forward_to_ones_own_generic_type,
        generic_errors_of_a_client,
        the_time_a_throttle_names,
        wrapped_by_anyhow,
    }
    fallback {
        expressions,
        functions_that_are_not_async,
        the_last_prices_of_a_shop,
    }
    hedge {
        a_replica_that_is_slow,
        options,
    }
    idempotent {
        a_cut_transfer_is_not_repeated,
        a_double_click_pays_once,
        a_key_that_the_client_left_out,
        a_pending_payment_is_asked_again,
        a_result_is_kept_for_its_ttl,
        a_store_for_each_shop,
        declined_cards_are_remembered,
        keys,
        results,
        two_at_once_share_a_result,
    }
    rate_limit {
        a_limit_over_all_hosts,
        a_paced_client,
        an_inner_limit_is_waited_for,
        one_limit_for_two_functions,
        options,
    }
    retry {
        a_clone_of_self_in_the_body,
        a_page_that_borrows_from_the_client,
        a_policy_with_overrides,
        attempt_number,
        backoff,
        backoff_of_a_type_of_ones_own,
        boxed_futures_of_mut_arguments,
        budget_of_a_site_runs_out,
        budget_shared_by_name,
        budgets,
        clone_inside_a_pattern_under_async_trait,
        clone_of_a_mut_argument,
        clone_of_a_mut_argument_under_async_trait,
        clone_of_names_inside_a_pattern,
        constants_in_parentheses,
        constants_of_the_type,
        consts,
        d25_lints_stay_silent,
        d2_arguments,
        every_option_in_parentheses,
        expressions_of_self,
        guard_behind_a_box,
        how_delays_grow,
        jitter_keeps_its_bounds,
        literals_as_errors,
        nested_leaves_it_to_the_outer,
        nested_patterns_of_the_error,
        patterns,
        polls_until_a_job_is_done,
        retry_after,
        status_codes_as_constants,
        strategies_and_delays,
        strategy_at_any_place,
        unlimited_within_a_time,
        waits_as_the_server_asked,
    }
    stack {
        a_bound_as_rustc_writes_it,
        a_boxed_future_by_hand,
        a_circuit_below_the_retry,
        a_future_by_hand,
        a_prelude_of_ones_own,
        a_repository_over_any_row,
        a_worker_that_never_ends_well,
        all_five,
        arguments_of_some_builds,
        async_closures_in_and_around,
        async_trait_with_owned_arguments,
        async_unsafe_fn,
        attributes_and_docs_of_the_function,
        blanket_traits,
        boxed_and_reported_errors,
        clients_out_of_a_macro,
        constants_that_no_rule_forbids,
        control_flow_of_the_body,
        error_types,
        functions_named_as_the_attributes,
        futures_on_many_threads,
        guards_that_name_owned_arguments,
        impl_trait_in_and_out,
        instrument_err_above_tells_of_each_attempt_under_async_trait,
        instrument_err_under_async_trait,
        instrument_on_both_sides_has_a_span_for_each_call,
        instrument_on_both_sides_of_an_owned_argument,
        instrument_where_it_is_written,
        keys_of_self_above_instrument_under_async_trait,
        methods_on_every_receiver,
        names_of_every_alphabet,
        native_traits_with_default_bodies,
        pages_by_recursion,
        races_and_joins,
        results_behind_aliases,
        retry_alone_asks_nothing_of_the_error,
        signatures,
        timeouts_and_delays_that_fit,
        tokio_main_above_instrument,
        two_sources_of_one_error,
        what_looks_like_anothers_shape,
    }
    timeout {
        a_limit_of_the_endpoint_type,
        a_limit_out_of_the_settings,
        a_limit_the_request_brings_along,
        const_limits,
        each_attempt_and_the_whole,
        limits_of_each_call,
        literals,
        literals_mean_what_they_say,
        the_deadline_is_seen_below,
    }
}

#[test]
fn every_file_is_a_program() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = 0;
    for policy in here.read_dir().unwrap() {
        let Ok(folder) = policy.unwrap().path().join("pass").read_dir() else {
            continue;
        };
        for file in folder {
            let file = file.unwrap().path();
            let name = file.strip_prefix(here).unwrap().to_str().unwrap();
            assert!(PROGRAMS.contains(&name), "`programs!` does not name {name}");
            let text = fs::read_to_string(&file).unwrap();
            let mut lines = text.lines().rev();
            lines.find(|line| line.contains("fn main()"));
            let attribute = lines.next().unwrap();
            assert!(attribute.contains("test"), "{name}: `main` is not a test");
            files += 1;
        }
    }
    assert_eq!(files, PROGRAMS.len());
}
