#[resil::retry]
#[resil::timeout(1s)]
async fn fetch(url: &str) -> Result<usize, resil::Error> {
    let answer = url.fetch();
    Ok(lenght(answer))
}

fn main() {}
