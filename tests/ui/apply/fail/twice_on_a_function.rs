resil::stack! {
    PAY = #[circuit] #[retry];
    LIMIT = #[timeout(1s)];
}

#[resil::apply(PAY)]
#[resil::apply(LIMIT)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, LIMIT)]
async fn refund() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {
    let _ = (pay(), refund());
}
