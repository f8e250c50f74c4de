// docs: command
import AnomalyCommand
import AnomalyKit

AnomalyCommandLine.run(.standard.adding(NearestNeighbor.description))
// docs: end
