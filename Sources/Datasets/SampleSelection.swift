import LinearAlgebra

extension SampleSet {
  /// Some of the samples, in the order given.
  public func selecting(_ indices: [Int]) -> SampleSet {
    let content: SampleContent =
      switch self.content {
      case .imageFiles: .imageFiles
      case .rows(let rows, let imageShape):
        .rows(
          SelectedRows(source: rows, indices: indices),
          imageShape: imageShape)
      }
    return SampleSet(samples: indices.map { samples[$0] }, content: content)
  }
}
