// Every run of a plan is one task, the report the last: nextflow run spikereel.nf --plan plans/widths/plan.json
params.plan = 'plans/widths/plan.json'

process run {
    cpus 2
    maxRetries 3
    // Code 75 means that the run was told to stop, and goes on when asked again.
    errorStrategy { task.exitStatus == 75 ? 'retry' : 'finish' }

    input:
    tuple val(plan), val(index)

    output:
    val index

    """
    spikereel run '${plan}' --index ${index} --threads ${task.cpus} --quiet
    """
}

process report {
    input:
    val plan
    val indices

    """
    spikereel gather '${plan}' --quiet
    """
}

workflow {
    plan = file(params.plan, checkIfExists: true)
    n_runs = new groovy.json.JsonSlurper().parse(plan.toFile()).runs.size()
    done = run(Channel.of(0..<n_runs).map { index -> tuple(plan.toString(), index) })
    report(plan.toString(), done.collect())
}
