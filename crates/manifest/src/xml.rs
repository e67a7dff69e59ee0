//! XML written so that nothing can be left unescaped.
