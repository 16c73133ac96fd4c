package main

import (
	"fmt"
	"os"

	"coffer/policies"
)

// loadPolicies are the shipped rules with those of the operator, from the data folder.
func loadPolicies(folder string) (*policies.Engine, error) {
	own, err := policies.ReadFiles(os.DirFS(policyPath(folder)))
	if err != nil {
		return nil, err
	}
	rules, err := policies.New(own...)
	if err != nil {
		return nil, fmt.Errorf("loading the policies, with those of %s: %w", policyPath(folder), err)
	}
	return rules, nil
}
