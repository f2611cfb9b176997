//! The code by which the catalog sees who calls whom.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::context::EmitContext;
use crate::features;
use crate::tokens::mixed;

impl EmitContext<'_> {
    /// Writes the user's `code`, a future or a call, as a part of the function: the calls that it makes are
    /// calls by the function. Where functions are not listed, it stays as it is.
    pub(crate) fn as_caller(&self, code: TokenStream, span: Span) -> TokenStream {
        if !features::lists_functions() {
            return code;
        }
        let site = Self::site(span);
        if self.stack.is_async {
            let as_caller = self.private("as_caller", span);
            quote_spanned!(mixed(span)=> #as_caller(#site, #code))
        } else {
            let as_caller = self.private("run_as_caller", span);
            let code = Self::calling(&code, span);
            quote_spanned!(mixed(span)=> #as_caller(#site, #code))
        }
    }
}
