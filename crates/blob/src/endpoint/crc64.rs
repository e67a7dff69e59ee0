//! The CRC-64 of `x-ms-content-crc64` (CRC-64/NVME: polynomial 0x9A6C9329AC4BC9B5 reflected, inverted in and out).

const POLYNOMIAL: u64 = 0x9A6C_9329_AC4B_C9B5;

/// Eight tables, so that eight bytes are taken at a time.
static TABLES: [[u64; 256]; 8] = tables();

const fn tables() -> [[u64; 256]; 8] {
    let mut tables = [[0u64; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut level = 1;
    while level < 8 {
        let mut byte = 0;
        while byte < 256 {
            let previous = tables[level - 1][byte];
            tables[level][byte] = (previous >> 8) ^ tables[0][(previous & 255) as usize];
            byte += 1;
        }
        level += 1;
    }
    tables
}

/// A running CRC-64.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crc64(u64);

impl Crc64 {
    pub(super) fn new() -> Self {
        Self(!0)
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            let mixed = (self.0 ^ u64::from_le_bytes(*chunk)).to_le_bytes();
            self.0 = mixed
                .iter()
                .zip(TABLES.iter().rev())
                .fold(0, |crc, (byte, table)| crc ^ table[usize::from(*byte)]);
        }
        for byte in rest {
            let [low, ..] = self.0.to_le_bytes();
            self.0 = (self.0 >> 8) ^ TABLES[0][usize::from(low ^ byte)];
        }
    }

    /// The value as it goes over the wire: eight bytes, little-endian.
    pub(super) fn finish(self) -> [u8; 8] {
        (!self.0).to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        let mut crc = Crc64::new();
        crc.update(b"123456789");
        assert_eq!(crc.finish(), 0xAE8B_1486_0A79_9888u64.to_le_bytes());
    }

    #[test]
    fn any_split_gives_the_same() {
        let data: Vec<u8> = (0..1000u32).map(|at| (at * 7 % 251) as u8).collect();
        let mut whole = Crc64::new();
        whole.update(&data);
        for split in [1, 3, 8, 13, 500] {
            let mut parts = Crc64::new();
            data.chunks(split).for_each(|part| parts.update(part));
            assert_eq!(parts.finish(), whole.finish(), "{split}");
        }
    }
}
