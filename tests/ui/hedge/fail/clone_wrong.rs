use resil::hedge;

#[hedge(after = 50ms, clone(nam))]
async fn near(name: String) -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, clone(name))]
async fn none() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, clone(name, name))]
async fn two_times(name: String) -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, clone(1))]
async fn value(name: String) -> Result<u32, String> {
    Ok(1)
}

struct S;

impl S {
    #[hedge(after = 50ms, clone(self))]
    async fn own(&self) -> Result<u32, String> {
        Ok(1)
    }
}

fn main() {}
