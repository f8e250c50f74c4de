import Execution
import LinearAlgebra

/// Histograms of oriented gradients, made of images when they are read.
struct HOGFeatures: SampleSource {
  let images: any SampleSource
  let layout: HOGLayout

  var rows: Int { images.rows }
  var columns: Int { layout.count }

  /// Images that are in memory at a time.
  private static let blockSize = 256

  func matrix(ofRows indices: [Int]) throws -> Matrix {
    var values: [Float] = []
    values.reserveCapacity(indices.count * columns)
    for block in Parallel.blocks(indices.count, size: Self.blockSize) {
      values +=
        layout.features(
          of: try images.matrix(ofRows: Array(indices[block]))
        ).values
    }
    return Matrix(rows: indices.count, columns: columns, values: values)
  }
}
