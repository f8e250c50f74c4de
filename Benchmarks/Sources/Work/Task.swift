import AnomalyKit

/// A piece of work, as the harness describes it to both sides in JSON.
enum Task: Decodable {
  case oneClassSVM(
    train: Table, test: Table, nu: Double, cacheMegabytes: Int)
  case kMeans(
    train: Table, test: Table, centroids: Table, maxIterations: Int)
  case principalComponents(train: Table, test: Table, components: Int)
  case isolationForest(
    train: Table, trees: Int, samples: Int, seed: UInt64)
  /// A fit, and the scores of the rows that were learned from: without
  /// themselves where the model can leave them out.
  case tableDetector(train: Table, detector: String)
  case decoding(images: [String], side: Int)
  /// 64 x 64 RGB images, a row each.
  case autoencoder(
    train: Table, architecture: Architecture, epochs: Int, batchSize: Int)
  /// RGB images of so many pixels a side, a row each.
  case localReconstruction(train: Table, test: Table, side: Int)

  /// A matrix in a file of raw single-precision numbers, row after row.
  struct Table: Decodable {
    var path: String
    var rows: Int
    var columns: Int
  }
}
