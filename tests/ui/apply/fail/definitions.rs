//! What a definition looks like.
mod without_a_layer {
    resil::stack! {
        PAY = ;
        pub GET;
        pub const PUT = #[retry];
        DROP: Stack = #[retry];
        = #[retry];
    }
}
mod without_attributes {
    resil::stack! {
        PAY = retry(max = 3), timeout(1s);
        GET = #[retry], #[timeout(1s)];
        PUT = #[retry] #[timeout(1s)] 5;
        DROP = #[timeout = 5s];
    }
}
mod without_an_end {
    resil::stack! {
        PAY = #[retry]
    }
}
mod without_an_end_in_between {
    resil::stack! {
        PAY = #[retry]
        pub GET = #[timeout(1s)];
    }
}

fn main() {}
