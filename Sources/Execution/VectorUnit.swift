import CVectorUnit

/// The vector instructions that this build uses; builds with others round
/// otherwise.
package enum VectorUnit {
  package static var name: String {
    vector_unit_has_avx512() != 0 ? "avx512" : "portable"
  }
}
