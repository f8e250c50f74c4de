/// What a distance to a centroid is measured in.
public enum ClusterScaling: String, Codable, CaseIterable, Hashable, Sendable {
  /// The units of the features, whatever the cluster.
  case none
  /// The cluster's own spread: the root mean squared distance of its members,
  /// so that small distances count as strange in a tight cluster.
  case spread
}
