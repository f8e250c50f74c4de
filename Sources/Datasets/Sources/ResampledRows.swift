import Execution
import Images
import LinearAlgebra

/// Images of another source, brought to another shape when they are read.
package struct ResampledRows: SampleSource {
  private let source: any SampleSource
  private let columnCount: Int
  private let resampling: Resampling

  /// - Precondition: Both shapes have pixels.
  package init(
    _ source: any SampleSource, from shape: ImageShape, to target: ImageShape
  ) {
    self.source = source
    columnCount = target.count
    resampling = Resampling(from: shape, to: target)
  }

  package var rows: Int { source.rows }
  package var columns: Int { columnCount }

  /// Images that are read and resampled at a time: few enough for a cache.
  private static let blockSize = 64

  package func matrix(ofRows indices: [Int]) throws -> Matrix {
    let blocks = Parallel.blocks(indices.count, size: Self.blockSize)
    let parts = try Parallel.map(blocks.count) { index in
      resampling.resample(
        try source.matrix(ofRows: Array(indices[blocks[index]])))
    }
    var values: [Float] = []
    values.reserveCapacity(indices.count * columns)
    for part in parts { values += part.values }
    return Matrix(rows: indices.count, columns: columns, values: values)
  }
}
