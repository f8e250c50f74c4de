// docs: conformance
import AnomalyConformance

for check in ConformanceCheck.all {
  try check(NearestNeighbor(nNeighbors: 3))
  print("kept:", check)
}
// docs: end
