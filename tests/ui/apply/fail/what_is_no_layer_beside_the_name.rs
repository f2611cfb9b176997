resil::stack! {
    PAY = #[retry(max = 4)];
}

#[resil::apply(PAY, max = 2)]
async fn option() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, #[retry(max = 2)])]
async fn attribute() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, retyr(max = 2))]
async fn mistyped() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, instrument(skip_all))]
async fn of_another_crate() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, 5s)]
async fn value() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY,, retry(max = 2))]
async fn comma() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
