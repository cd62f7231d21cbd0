// tkn for the operator's pruner: the Tekton command line's own commands for pipelines, tasks and their runs. Its whole root command
// would need a module for the Tekton Hub that is not to be had.
package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/tektoncd/cli/pkg/cli"
	"github.com/tektoncd/cli/pkg/cmd/pipeline"
	"github.com/tektoncd/cli/pkg/cmd/pipelinerun"
	"github.com/tektoncd/cli/pkg/cmd/task"
	"github.com/tektoncd/cli/pkg/cmd/taskrun"
)

func main() {
	params := &cli.TektonParams{}
	root := &cobra.Command{Use: "tkn", Short: "Pipelines, tasks and their runs", SilenceUsage: true}
	root.AddCommand(pipeline.Command(params), pipelinerun.Command(params), task.Command(params), taskrun.Command(params))
	if root.Execute() != nil {
		os.Exit(1)
	}
}
