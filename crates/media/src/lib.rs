//! Time in ticks, samples, track configuration, codec headers and RFC 6381 strings.
