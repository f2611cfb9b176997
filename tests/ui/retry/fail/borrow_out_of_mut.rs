use resil::retry;

#[retry]
async fn first(names: &mut Vec<String>) -> Result<&mut String, String> {
    names.first_mut().ok_or_else(String::new)
}

#[retry]
async fn named<'a>(names: &'a mut Vec<String>, at: &usize) -> Result<&'a String, String> {
    names.get(*at).ok_or_else(String::new)
}

struct Client(String);

impl Client {
    #[retry]
    async fn name(&mut self) -> Result<&str, String> {
        Ok(&self.0)
    }
}

impl Client {
    // What goes back is not borrowed from it, but for the lifetime that says so.
    #[retry]
    async fn shared<'a>(&'a mut self, text: &'a str) -> Result<&'a str, String> {
        self.0.push('.');
        Ok(text)
    }
}

fn main() {}
