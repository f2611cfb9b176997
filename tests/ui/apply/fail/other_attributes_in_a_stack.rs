use resil::timeout as limit;

resil::stack! {
    PAY = #[tracing::instrument] #[retry];
    GET = #[limit(1s)];
    PUT = #[retyr(max = 2)];
    DROP = #[cfg_attr(test, retry)] #[resil::timeout(1s)];
    LIST = #[resil::apply(PAY)] #[timeout(1s)];
}

fn main() {
    let _ = limit;
}
