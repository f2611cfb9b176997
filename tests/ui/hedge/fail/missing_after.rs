use resil::hedge;

#[hedge]
async fn nothing() -> Result<u32, String> {
    Ok(1)
}

#[hedge()]
async fn empty() -> Result<u32, String> {
    Ok(1)
}

#[hedge(max = 3, budget = off)]
async fn others() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
