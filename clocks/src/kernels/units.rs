//! Eight entries at a time, by whatever unit the processor has for that.

#[cfg(all(feature = "std", target_arch = "x86_64"))]
use core::arch::x86_64::{
    __m256i, __m512i, __mmask8, _mm256_cmpgt_epi64, _mm256_loadu_si256, _mm256_or_si256, _mm256_set1_epi64x, _mm256_setzero_si256,
    _mm256_testz_si256, _mm256_xor_si256, _mm512_loadu_si512, _mm512_mask_cmpeq_epu64_mask, _mm512_mask_cmple_epu64_mask, _mm512_max_epu64,
    _mm512_storeu_si512,
};

/// As many entries as the widest vector unit takes at once, and a cache line holds.
pub(super) const LANES: usize = 8;

/// The entries that are looked at together.
pub(super) type Block = [u64; LANES];

/// A way to look at blocks. What it finds is kept in `Found`, to be asked about only after many blocks: to decide costs as much as to look.
pub(super) trait Unit: Copy {
    /// Whether something was found, in whatever form is the cheapest.
    type Found: Copy;

    /// Nothing was found.
    fn nothing(self) -> Self::Found;
    /// Notes whether an entry of `a` is greater than that of `b`.
    fn greater(self, found: Self::Found, a: &Block, b: &Block) -> Self::Found;
    /// Notes whether an entry of `a` is another than that of `b`.
    fn different(self, found: Self::Found, a: &Block, b: &Block) -> Self::Found;
    /// What was found in either.
    fn either(self, one: Self::Found, other: Self::Found) -> Self::Found;
    /// Whether something was found.
    fn is_any(self, found: Self::Found) -> bool;
    /// Raises each of `into` to `from` where that is greater.
    fn raise(self, into: &mut Block, from: &Block);
}

/// One entry after the other, or whatever the compiler makes of that for the target.
#[derive(Clone, Copy)]
pub(super) struct Words;

impl Unit for Words {
    type Found = bool;

    #[inline(always)]
    fn nothing(self) -> bool {
        false
    }

    #[inline(always)]
    fn greater(self, found: bool, a: &Block, b: &Block) -> bool {
        a.iter().zip(b).fold(found, |found, (a, b)| found | (a > b))
    }

    #[inline(always)]
    fn different(self, found: bool, a: &Block, b: &Block) -> bool {
        found | (a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) != 0)
    }

    #[inline(always)]
    fn either(self, one: bool, other: bool) -> bool {
        one | other
    }

    #[inline(always)]
    fn is_any(self, found: bool) -> bool {
        found
    }

    #[inline(always)]
    fn raise(self, into: &mut Block, from: &Block) {
        for (into, from) in into.iter_mut().zip(from) {
            *into = (*into).max(*from);
        }
    }
}

/// The processor has AVX2: there is no other way to come by a value of this type.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

#[cfg(all(feature = "std", target_arch = "x86_64"))]
impl Avx2 {
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    /// Both halves of a block.
    #[inline(always)]
    fn load(self, block: &Block) -> [__m256i; 2] {
        let (low, high) = block.split_at(LANES / 2);
        // SAFETY: the processor has AVX2, and each half is as long as the register it is read into; no alignment is asked for.
        unsafe { [_mm256_loadu_si256(low.as_ptr().cast()), _mm256_loadu_si256(high.as_ptr().cast())] }
    }

    /// With the sign turned, so that the unit's comparison of signed numbers orders them as unsigned ones.
    #[inline(always)]
    fn load_signed(self, block: &Block) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        self.load(block).map(|half| unsafe { _mm256_xor_si256(half, _mm256_set1_epi64x(i64::MIN)) })
    }
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
impl Unit for Avx2 {
    /// Bits that are set where something was found.
    type Found = __m256i;

    #[inline(always)]
    fn nothing(self) -> __m256i {
        // SAFETY: the processor has AVX2.
        unsafe { _mm256_setzero_si256() }
    }

    #[inline(always)]
    fn greater(self, found: __m256i, a: &Block, b: &Block) -> __m256i {
        let ([a, a_high], [b, b_high]) = (self.load_signed(a), self.load_signed(b));
        // SAFETY: the processor has AVX2.
        unsafe { _mm256_or_si256(found, _mm256_or_si256(_mm256_cmpgt_epi64(a, b), _mm256_cmpgt_epi64(a_high, b_high))) }
    }

    #[inline(always)]
    fn different(self, found: __m256i, a: &Block, b: &Block) -> __m256i {
        let ([a, a_high], [b, b_high]) = (self.load(a), self.load(b));
        // SAFETY: the processor has AVX2.
        unsafe { _mm256_or_si256(found, _mm256_or_si256(_mm256_xor_si256(a, b), _mm256_xor_si256(a_high, b_high))) }
    }

    #[inline(always)]
    fn either(self, one: __m256i, other: __m256i) -> __m256i {
        // SAFETY: the processor has AVX2.
        unsafe { _mm256_or_si256(one, other) }
    }

    #[inline(always)]
    fn is_any(self, found: __m256i) -> bool {
        // SAFETY: the processor has AVX2, and with it AVX.
        unsafe { _mm256_testz_si256(found, found) == 0 }
    }

    #[inline(always)]
    fn raise(self, into: &mut Block, from: &Block) {
        Words.raise(into, from);
    }
}

/// The processor has AVX-512F: there is no other way to come by a value of this type.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

#[cfg(all(feature = "std", target_arch = "x86_64"))]
impl Avx512 {
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx512f").then_some(Self(()))
    }

    #[inline(always)]
    fn load(self, block: &Block) -> __m512i {
        // SAFETY: the processor has AVX-512F, and the block is as long as the register; no alignment is asked for.
        unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
    }
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
impl Unit for Avx512 {
    /// Bits that are set where nothing was found: a comparison under a mask narrows it down by itself.
    type Found = __mmask8;

    #[inline(always)]
    fn nothing(self) -> __mmask8 {
        __mmask8::MAX
    }

    #[inline(always)]
    fn greater(self, found: __mmask8, a: &Block, b: &Block) -> __mmask8 {
        // SAFETY: the processor has AVX-512F.
        unsafe { _mm512_mask_cmple_epu64_mask(found, self.load(a), self.load(b)) }
    }

    #[inline(always)]
    fn different(self, found: __mmask8, a: &Block, b: &Block) -> __mmask8 {
        // SAFETY: the processor has AVX-512F.
        unsafe { _mm512_mask_cmpeq_epu64_mask(found, self.load(a), self.load(b)) }
    }

    #[inline(always)]
    fn either(self, one: __mmask8, other: __mmask8) -> __mmask8 {
        one & other
    }

    #[inline(always)]
    fn is_any(self, found: __mmask8) -> bool {
        found != __mmask8::MAX
    }

    #[inline(always)]
    fn raise(self, into: &mut Block, from: &Block) {
        // SAFETY: the processor has AVX-512F, and the block is as long as the register; no alignment is asked for.
        unsafe { _mm512_storeu_si512(into.as_mut_ptr().cast(), _mm512_max_epu64(self.load(into), self.load(from))) }
    }
}
